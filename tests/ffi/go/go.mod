module wscodec.example/echo

go 1.19
