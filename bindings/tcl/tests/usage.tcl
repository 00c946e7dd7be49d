# What the vectors do not show: ownership, wrong arguments, characters and bytes.
package require tcltest
package require wscodec
namespace import ::tcltest::test

proc pair {} {
    set ::server [wscodec::Connection new server]
    set ::client [wscodec::Connection new client]
}

proc cleared {} {
    foreach object [list $::server $::client] {
        if {[info object isa object $object]} {$object destroy}
    }
}

# The events that the server reports for what the client has sent.
proc arrived {} {
    set ::events {}
    $::server receive [$::client drain] {lappend ::events}
    return $::events
}

proc errorOf {script} {
    if {[catch {uplevel 1 $script} message options] == 1} {return $message}
    return "no error"
}

test characters {text is characters, and binary data is bytes} -setup pair -cleanup cleared -body {
    $client text "\u00fc\u4e16"
    $client binary [binary format H* fc00ff]
    lassign [arrived] text binary
    list [dict get $text type] [string equal [dict get $text data] "\u00fc\u4e16"] \
        [dict get $binary type] [binary encode hex [dict get $binary data]]
} -result {text 1 binary fc00ff}

test emoji {a character beyond the BMP survives} -setup pair -cleanup cleared -body {
    set emoji [encoding convertfrom utf-8 [binary format H* f09f8e89]]
    $client text $emoji
    string equal $emoji [dict get [lindex [arrived] 0] data]
} -result 1

test digits {data that looks like a number is not changed} -setup pair -cleanup cleared -body {
    $client text 0x10
    $client binary 007
    lmap event [arrived] {dict get $event data}
} -result {0x10 007}

test protocol {a subprotocol that looks like a number is not changed} -body {
    set acceptor [wscodec::Acceptor new protocols 0x10]
    set opening [wscodec::Opening new localhost / protocols 0x10]
    set accepted [$acceptor accept [$opening request]]
    set confirmed [$opening confirm [dict get $accepted reply]]
    lmap each [list $accepted $confirmed] {
        set connection [dict get $each connection]
        try {$connection protocol} finally {$connection destroy}
    }
} -result {0x10 0x10}

test input {the input is not changed} -setup pair -cleanup cleared -body {
    $client text [string repeat x 100]
    set wire [$client drain]
    set before [binary encode hex $wire]
    $server receive $wire list
    string equal $before [binary encode hex $wire]
} -result 1

test flood {many pings in one read take linear time} -setup pair -cleanup cleared -body {
    $client ping
    set wire [string repeat [$client drain] 100000]
    set ::pings 0
    set used [lindex [time {$server receive $wire {apply {event {incr ::pings}}}}] 0]
    list $::pings [string length [$server drain]] [expr {$used < 10e6}]
} -result {100000 200000 1}

test survives {a message survives what follows it} -setup pair -cleanup cleared -body {
    $client text [string repeat "first " 20000] more 1
    $client text end
    set first [dict get [lindex [arrived] 0] data]
    $client text [string repeat "second " 20000]
    arrived
    $server destroy
    string equal $first [string repeat "first " 20000]end
} -result 1

test order {output is in the order of the wire} -setup pair -cleanup cleared -body {
    $client text hi
    $client ping p
    $server receive [$client drain] {apply {event {
        if {[dict get $event type] eq "text"} {$::server text yo}
    }}}
    binary encode hex [$server drain]
} -result 8102796f8a0170

test exception {an error of the command passes, and the output is there} -setup pair -cleanup cleared -body {
    $client ping p
    list [errorOf {$server receive [$client drain] {error mine}}] [binary encode hex [$server drain]]
} -match glob -result {mine* 8a0170}

test destroyed {a connection may be destroyed by its command} -setup pair -cleanup cleared -body {
    $client text a
    $client ping
    $client text b
    set seen 0
    $server receive [$client drain] {apply {event {incr ::seen; $::server destroy}}}
    set seen
} -result 1

test handles {a destroyed connection leaves no command} -body {
    set before [llength [info commands ::wscodec::native::conn*]]
    for {set i 0} {$i < 100} {incr i} {[wscodec::Connection new client] destroy}
    catch {wscodec::Connection new client max_mesage 1}
    catch {wscodec::Connection new client max_message x}
    expr {[llength [info commands ::wscodec::native::conn*]] - $before}
} -result 0

test aliasing {one value may be several arguments} -body {
    set acceptor [wscodec::Acceptor new protocols https://a origins https://a]
} -returnCodes error -result {an argument is invalid}

test errorcode {an error has the name of its constant} -setup pair -cleanup cleared -body {
    try {
        $server receive [binary format H* 83] list
    } trap {WSCODEC WS_ERR_OPCODE} {message options} {
        wscodec::closeCode [dict get $options -errorcode]
    }
} -result 1002

# The first program of README.md, in an interpreter of its own.
proc readme {} {
    set file [open [file join [file dirname [info script]] .. README.md]]
    try {regexp {```tcl\n(.*?)```} [read $file] -> program} finally {close $file}
    set interpreter [interp create]
    $interpreter eval $program
    return $interpreter
}

test readme {the server of README.md reports a violation} -setup {
    set interpreter [readme]
    set listener [$interpreter eval {
        socket -server {apply {{socket args} {
            fconfigure $socket -blocking 0 -translation binary
            fileevent $socket readable [list ended $socket]
        }}} -myaddr 127.0.0.1 0
    }]
    $interpreter eval {
        proc ended {socket} {
            set ::failed [catch {arrived $socket}]
            close $socket
        }
    }
} -body {
    set port [lindex [$interpreter eval [list fconfigure $listener -sockname]] 2]
    set socket [socket 127.0.0.1 $port]
    fconfigure $socket -translation binary
    puts -nonewline $socket [[wscodec::Opening new localhost /] request]\x83
    flush $socket
    $interpreter eval {vwait failed}
    list [$interpreter eval {set failed}] \
        [string match "*\r\n\r\n\x88\x02\x03\xea" [read $socket]]
} -cleanup {
    close $socket
    interp delete $interpreter
} -result {1 1}

test injection {a header that would inject a line is refused} -body {
    set refused 0
    foreach bad {"\r\nSet-Cookie: admin=1\r\nX: " "\r" "\n" "\0"} {
        set bad [subst -nocommands $bad]
        foreach headers [list [list X-User bob$bad] [list X-User$bad bob]] {
            foreach script {
                {wscodec::Acceptor new headers $headers}
                {wscodec::Opening new localhost / headers $headers}
            } {
                incr refused [string match "headers: *X-User*" [errorOf $script]]
            }
        }
    }
    set refused
} -result 16

foreach {name script} {
    side {wscodec::Connection new other}
    max_mesage {wscodec::Connection new server max_mesage 1}
    rsv {$::server text a rsv 1}
    mor {$::server text a mor 1}
    level_ {wscodec::deflateOffer {level_ 1}}
    key {wscodec::frameEncode 1 a mask_key abc}
    max_frame {wscodec::Decoder new server max_frame 1}
} {
    test wrong-$name "a wrong $name is named" -setup pair -cleanup cleared \
        -body "regexp {\\m$name\\M} \[errorOf {$script}]" -result 1
}

set failed $tcltest::numTests(Failed)
puts "$tcltest::numTests(Passed) tests of the usage passed"
exit [expr {$failed > 0}]
