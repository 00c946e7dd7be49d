# An echo server with the package websocket of tcllib, as its manual shows it, for comparison:
#
#   tclsh peer_server.tcl --port 8080
package require websocket

proc welcome {socket args} {
    fconfigure $socket -blocking 0 -translation {auto crlf} -buffering line
    # The package (1.4.2) fails if there is no list of subprotocols, not even an empty one.
    fileevent $socket readable [list head $socket {Sec-WebSocket-Protocol ""}]
}

# Reads the lines of a request; then hands the socket over to the package.
proc head {socket fields} {
    while {[gets $socket line] >= 0} {
        if {$line eq ""} {
            fileevent $socket readable {}
            if {[websocket::test $::server $socket / $fields]} {
                websocket::upgrade $socket
            } else {
                close $socket
            }
            return
        }
        if {[regexp {^([^:\s]+):\s*(.*)$} $line - name value]} {lappend fields $name $value}
    }
    if {[eof $socket]} {
        close $socket
    } else {
        fileevent $socket readable [list head $socket $fields]
    }
}

proc echo {socket type message} {
    if {$type in {text binary}} {websocket::send $socket $type $message}
}

set port [expr {[dict exists $argv --port] ? [dict get $argv --port] : 8080}]
set server [socket -server welcome -myaddr 127.0.0.1 $port]
websocket::server $server
websocket::live $server / echo
puts "listening on http://127.0.0.1:[lindex [chan configure $server -sockname] 2]"
flush stdout
vwait forever
