# A client that sends messages and prints the replies:
#
#   tclsh echo_client.tcl ws://HOST:PORT/PATH [MESSAGE ...]     (without any: the lines of stdin)
package require wscodec

set READ 65536

# A connection with its socket, for programs that wait for each message.
oo::class create Client {
    variable socket connection events

    constructor {url} {
        if {![regexp {^ws://([^/:]+)(?::(\d+))?(/.*)?$} $url - host port target]} {
            error "not a URL: $url"
        }
        if {$port eq ""} {set port 80}
        if {$target eq ""} {set target /}
        set socket [socket $host $port]
        fconfigure $socket -blocking 0 -translation binary -buffering none
        set events {}
        my Open [wscodec::Opening new $host:$port $target max_message [expr {1 << 30}]]
    }

    method send {text} {
        $connection text $text
        my Flush
    }

    # The next event that is a message or a close.
    method receive {} {
        while 1 {
            while {![llength $events]} {my Take [my Read]}
            set events [lassign $events event]
            if {[dict get $event type] in {text binary close}} {return $event}
        }
    }

    # Closes with a code, and waits for the peer to close.
    method close {code} {
        $connection close $code
        my Flush
        while {![$connection ended]} {my receive}
        close $socket
    }

    method Open {opening} {
        my Write [$opening request]
        set response ""
        while {![dict size [set confirmed [$opening confirm $response]]]} {
            append response [my Read]
        }
        set connection [dict get $confirmed connection]
        my Take [dict get $confirmed rest]
    }

    # Waits for data.
    method Read {} {
        while {[set data [read $socket $::READ]] eq ""} {
            if {[eof $socket]} {error "the server has ended the connection"}
            fileevent $socket readable [list set ::isReadable 1]
            vwait ::isReadable
        }
        return $data
    }

    method Take {data} {
        try {
            $connection receive $data [list apply {{list event} {lappend $list $event}} [my varname events]]
        } finally {
            my Flush
        }
    }

    method Flush {} { my Write [$connection drain] }

    method Write {data} {
        chan configure $socket -blocking 1
        puts -nonewline $socket $data
        chan configure $socket -blocking 0
    }
}

foreach channel {stdin stdout stderr} {fconfigure $channel -encoding utf-8}
fconfigure stdout -buffering line
try {
    if {$argc == 0} {error "usage: echo_client ws://HOST:PORT/PATH \[MESSAGE ...]"}
    set messages [lassign $argv url]
    if {[encoding system] ne "utf-8"} {
        set messages [lmap each $messages {
            encoding convertfrom utf-8 [encoding convertto [encoding system] $each]
        }]
    }
    set client [Client new $url]
    while {$argc > 1 ? [llength $messages] : [gets stdin line] >= 0} {
        if {$argc > 1} {set messages [lassign $messages line]}
        $client send $line
        set event [$client receive]
        if {[dict get $event type] eq "close"} {
            error "the server has closed with [dict get $event code]"
        }
        puts [dict get $event data]
    }
    $client close 1000
} on error {message} {
    puts stderr $message
    exit 1
}
