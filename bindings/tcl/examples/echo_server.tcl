# An echo server on Tcl's event loop:
#
#   tclsh echo_server.tcl --port 8080
package require wscodec

set READ 65536
set PATIENCE 2000 ;# milliseconds that a peer may take to close the connection
set MOST 65536    ;# bytes that may wait for a client before it is read again

proc welcome {socket args} {
    global clients
    fconfigure $socket -blocking 0 -translation binary -buffering full -buffersize 65536
    set clients($socket) [dict create request "" connection ""]
    fileevent $socket readable [list arrived $socket]
}

proc forget {socket} {
    global clients
    if {![info exists clients($socket)]} return
    set connection [dict get $clients($socket) connection]
    if {$connection ne ""} {$connection destroy}
    unset clients($socket)
    # What is still to be written is of no use to a peer that has gone.
    catch {chan configure $socket -blocking 0}
    catch {close $socket}
}

proc arrived {socket} {
    global clients
    if {[catch {read $socket $::READ} data]} {
        forget $socket
        return
    }
    if {$data eq ""} {
        if {[eof $socket]} {forget $socket}
        return
    }
    if {[dict get $clients($socket) connection] eq ""} {
        acceptClient $socket $data
    } else {
        echo $socket $data
    }
}

proc acceptClient {socket data} {
    global clients acceptor
    dict append clients($socket) request $data
    set accepted [$acceptor accept [dict get $clients($socket) request]]
    if {![dict size $accepted]} return
    dict set clients($socket) request ""
    dict set clients($socket) connection [dict get $accepted connection]
    if {[dict get $accepted connection] eq ""} {
        send $socket [dict get $accepted reply]
        end $socket
    } elseif {[send $socket [dict get $accepted reply]]} {
        echo $socket [dict get $accepted rest]
    }
}

proc echo {socket data} {
    set connection [dict get $::clients($socket) connection]
    try {
        $connection receive $data [list reply $connection]
    } trap WSCODEC {} {
        # The output has the close frame that reports it.
    }
    if {[send $socket [$connection drain]] && [$connection ended]} {end $socket}
}

proc reply {connection event} {
    set type [dict get $event type]
    if {$type in {text binary}} {$connection $type [dict get $event data]}
}

# Writes, and reads no more while the client is slow. Returns 0 if it has gone.
proc send {socket data} {
    if {[catch {puts -nonewline $socket $data; flush $socket}]} {
        forget $socket
        return 0
    }
    if {[chan pending output $socket] > $::MOST} {
        fileevent $socket readable {}
        fileevent $socket writable [list drained $socket]
    }
    return 1
}

proc drained {socket} {
    if {[catch {flush $socket}]} {
        forget $socket
    } elseif {[chan pending output $socket] <= $::MOST} {
        fileevent $socket writable {}
        fileevent $socket readable [list arrived $socket]
    }
}

# Ends our side, once all is written, and waits for the peer to end its own: closing the socket at
# once could destroy the close frame in transit (RFC 6455, 7.1.1).
proc end {socket} {
    fileevent $socket writable {}
    fileevent $socket readable [list discard $socket]
    after $::PATIENCE [list forget $socket]
    if {[catch {close $socket write}]} {forget $socket}
}

proc discard {socket} {
    if {[catch {read $socket $::READ}] || [eof $socket]} {forget $socket}
}

if {[lindex $argv 0] eq "--help"} {
    puts "usage: echo_server \[--port PORT]    0: a free port (8080)"
    exit
}
set port [expr {[dict exists $argv --port] ? [dict get $argv --port] : 8080}]
set acceptor [wscodec::Acceptor new protocols {chat superchat} max_message [expr {16 * 1024 * 1024}]]
set server [socket -server welcome -myaddr 127.0.0.1 $port]
puts "listening on http://127.0.0.1:[lindex [chan configure $server -sockname] 2]"
flush stdout
vwait forever
