module wscodec

go 1.19
