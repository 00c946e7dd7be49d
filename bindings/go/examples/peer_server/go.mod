module peer_server

go 1.19

require github.com/gorilla/websocket v1.5.0

// Where Debian's golang-github-gorilla-websocket-dev puts it.
replace github.com/gorilla/websocket => /usr/share/gocode/src/github.com/gorilla/websocket
