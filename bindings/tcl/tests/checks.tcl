# The checks of the vectors: one procedure for each file.
namespace eval checks {
    variable RSV {rsv1 0x40 rsv2 0x20 rsv3 0x10}
    variable REQUEST "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    variable ACCEPTED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

    # A member of a dictionary, or a default.
    proc member {dict name {default ""}} {
        if {[dict exists $dict $name]} {return [dict get $dict $name]}
        return $default
    }

    proc same {expected actual} {
        if {$expected ne $actual} {
            error "expected [string range $expected 0 150], not [string range $actual 0 150]"
        }
    }

    # Dictionaries, in any order of their members.
    proc sameDicts {expected actual} {
        same [lmap each $expected {lsort -stride 2 $each}] [lmap each $actual {lsort -stride 2 $each}]
    }

    proc refused {name script} {
        set code [catch {uplevel 1 $script} message options]
        if {$code != 1} {error "no $name"}
        if {[lindex [dict get $options -errorcode] 0] ne "WSCODEC"} {error $message}
        same $name [lindex [dict get $options -errorcode] 1]
    }

    # The script has the error of the vector, if there is one.
    proc expected {vector script} {
        if {[dict exists $vector error]} {
            uplevel 1 [list checks::refused [dict get $vector error] $script]
        } else {
            uplevel 1 $script
        }
    }

    # Evaluates a script with a new object, which is destroyed afterwards.
    proc with {variable object script} {
        upvar 1 $variable name
        set name $object
        try {
            uplevel 1 $script
        } finally {
            $object destroy
        }
    }

    # The parameters of permessage-deflate with their defaults, in order.
    proc parameters {given} {
        dict merge {server_no_context_takeover 0 client_no_context_takeover 0
            server_max_window_bits 15 client_max_window_bits 15} $given
    }

    proc agreed {vector} {
        if {![dict exists $vector agreed]} {return {}}
        string trim [parameters [dict get $vector agreed]]
    }

    proc sameParameters {expected actual} { sameDicts [list $expected] [list $actual] }

    proc accept_keys {vector} {
        expected $vector {same [member $vector accept] [wscodec::acceptKey [dict get $vector key]]}
    }

    proc close_payloads {vector} {
        if {[dict exists $vector payload]} {
            expected $vector {
                lassign [wscodec::closeParse [dict get $vector payload]] code reason
                same [dict get $vector code] $code
                same [dict get $vector reason] $reason
            }
        }
        if {[dict exists $vector code]} {
            expected $vector {
                same [member $vector payload] \
                    [wscodec::closeBuild [dict get $vector code] [dict get $vector reason]]
            }
        }
    }

    proc utf8 {vector} {
        set text [dict get $vector text]
        for {set cut 0} {$cut <= [string length $text]} {incr cut} {
            expected $vector {
                set state [wscodec::utf8 0 [string range $text 0 $cut-1]]
                set state [wscodec::utf8 $state [string range $text $cut end]]
                same [dict exists $vector incomplete] [expr {$state != 0}]
            }
        }
        if {[dict exists $vector error_at]} {
            set at [dict get $vector error_at]
            wscodec::utf8 0 [string range $text 0 $at-1]
            refused [dict get $vector error] {wscodec::utf8 0 [string range $text 0 $at]}
        }
    }

    # Lengths of prefixes: all, of long inputs those near the ends and near `at`.
    proc ends {size at} {
        for {set i 0} {$i < min($size, 400)} {incr i} {lappend ends $i}
        for {set i [expr {max(0, $at - 3)}]} {$i < min($size, $at + 4)} {incr i} {lappend ends $i}
        lsort -integer -unique [lappend ends $size]
    }

    proc frames {vector} {
        set wire [dict get $vector wire]
        set length [string length $wire]
        set at [member $vector error_at [expr {$length - 1}]]
        foreach size [ends $length $at] {
            set read [list wscodec::frameDecode [string range $wire 0 $size-1] \
                [dict get $vector role] {*}[member $vector options]]
            if {$size <= $at} {
                same "" [{*}$read]
                continue
            }
            expected $vector {
                set frame [{*}$read]
                sameDicts [list [described $frame]] [list [dict get $vector frame]]
                same [list 1 1 $length] [lmap name {first last size} {dict get $frame $name}]
            }
        }
        if {[dict exists $vector error]} {
            alike $vector
        } else {
            same $wire [encoded [dict get $vector frame]]
        }
    }

    # The decoder and the connection have the same error at the same byte.
    proc alike {vector} {
        set wire [dict get $vector wire]
        binary scan $wire cu first
        if {[dict exists $vector options] || !($first & 15)} return
        set at [dict get $vector error_at]
        foreach class {Decoded Received} {
            with reader [$class new $vector] {
                $reader feed [string range $wire 0 $at-1]
                refused [dict get $vector error] {$reader feed [string index $wire $at]}
            }
        }
    }

    # A frame as a vector describes it.
    proc described {frame} {
        set found [dict filter $frame key opcode fin payload]
        if {[dict exists $frame mask_key]} {
            dict set found mask_key [binary encode hex [dict get $frame mask_key]]
        }
        dict merge $found [bits [dict get $frame rsv]]
    }

    proc bits {rsv} {
        variable RSV
        set found {}
        dict for {name bit} $RSV {
            if {$rsv & $bit} {dict set found $name 1}
        }
        return $found
    }

    proc keyOf {frame} { binary format H* [member $frame mask_key] }

    proc encoded {frame} {
        variable RSV
        set rsv 0
        dict for {name bit} $RSV {
            if {[dict exists $frame $name]} {incr rsv $bit}
        }
        wscodec::frameEncode [dict get $frame opcode] [dict get $frame payload] \
            fin [dict get $frame fin] rsv $rsv mask_key [keyOf $frame]
    }

    proc frame_headers {vector} {
        dict with vector {}
        set key [keyOf $vector]
        same $header [wscodec::frameHeader $opcode $payload_length fin $fin mask_key $key]
        set start [expr {$payload_length ? "$header\0" : $header}] ;# reported with its first byte
        with decoder [wscodec::Decoder new $role] {
            $decoder feed $start {set ::seen}
        }
        same [list $opcode $fin $payload_length] \
            [lmap name {opcode fin payload_length} {dict get $::seen $name}]
    }

    # Every prefix of a head is incomplete before the byte that completes it or proves the error, and
    # has one result from there on.
    proc head {vector text parse} {
        set at [member $vector error_at [expr {[string length $text] - 1}]]
        foreach size [ends [string length $text] $at] {
            set part [string range $text 0 $size-1]
            if {$size <= $at} {
                same 0 [dict size [{*}$parse $part]]
            } else {
                expected $vector {same 1 [expr {[dict size [{*}$parse $part]] > 0}]}
            }
        }
        if {[catch {{*}$parse $text} found options]} {
            set found [lindex [dict get $options -errorcode] 3]
        }
        dict for {name value} [member $vector fields] {
            same $value [dict get $found $name]
        }
        if {![dict exists $vector error]} {same $text [dict get $found text]}
    }

    proc requests {vector} { head $vector [dict get $vector request] wscodec::parseRequest }

    proc responses {vector} {
        set parse [list apply {{request data} {wscodec::parseResponse $data $request}}]
        head $vector [dict get $vector response] [list {*}$parse [dict get $vector request]]
    }

    proc policies {vector} {
        set policy [member $vector policy]
        foreach name {origins protocols} {
            if {[dict exists $policy $name]} {dict set policy $name [list [dict get $policy $name]]}
        }
        with acceptor [wscodec::Acceptor new {*}$policy] {
            set accepted [$acceptor accept [dict get $vector request]]
        }
        if {[dict exists $vector error]} {
            set error [dict get $accepted error]
            same [dict get $vector error] [lindex $error 1]
            same [dict get $vector status] [wscodec::httpStatus $error]
            same "HTTP/1.1 [dict get $vector status] " [string range [dict get $accepted reply] 0 12]
            return
        }
        with connection [dict get $accepted connection] {
            same [member $vector protocol] [$connection protocol]
        }
    }

    proc lines {values} {
        join [lmap value $values {string cat "Sec-WebSocket-Extensions: " $value "\r\n"}] ""
    }

    proc deflate_accept {vector} {
        variable REQUEST
        set willing [member $vector willing]
        expected $vector {
            lassign [wscodec::deflateAccept $willing [join [dict get $vector offers] ", "]] agreed response
            sameParameters [agreed $vector] $agreed
            same [member $vector response] $response
        }
        with acceptor [wscodec::Acceptor new deflate $willing] {
            set accepted [$acceptor accept "$REQUEST[lines [dict get $vector offers]]\r\n"]
        }
        same [member $vector error] [lindex [member $accepted error] 1]
        if {[dict exists $vector error]} return
        set value ""
        regexp -line {^Sec-WebSocket-Extensions: (.*)\r$} [dict get $accepted reply] - value
        same [member $vector response] $value
        with connection [dict get $accepted connection] {
            sameParameters [agreed $vector] [$connection deflate]
        }
    }

    proc deflate_offer {vector} {
        set offered [dict get $vector offered]
        same [dict get $vector offer] [wscodec::deflateOffer $offered]
        with opening [wscodec::Opening new localhost / deflate $offered] {
            set request [wscodec::parseRequest [$opening request]]
        }
        same [list [dict get $vector offer]] [wscodec::header $request Sec-WebSocket-Extensions]
    }

    proc deflate_confirm {vector} {
        variable ACCEPTED
        set offered [member $vector offered]
        set values [dict get $vector responses]
        expected $vector {
            sameParameters [agreed $vector] [wscodec::deflateConfirm $offered [join $values ", "]]
        }
        # The same in an opening handshake, where an extension that was not offered is an error.
        set others [lsearch -all -inline -not -glob [split [join $values ,] ,] *permessage-deflate*]
        if {[string trim [join $others ""]] ne ""} {dict set vector error WS_ERR_EXTENSION}
        with opening [wscodec::Opening new localhost / deflate $offered] {
            set key [dict get [wscodec::parseRequest [$opening request]] key]
            set head "${ACCEPTED}Sec-WebSocket-Accept: [wscodec::acceptKey $key]\r\n[lines $values]\r\n"
            expected $vector {
                with connection [dict get [$opening confirm $head] connection] {
                    sameParameters [agreed $vector] [$connection deflate]
                }
            }
        }
    }

    # The messages in whole and byte by byte, collected and in parts.
    proc deflate_messages {vector} {
        set role [dict get $vector role]
        foreach {step stream} {1 0 1 1 1000 0 1000 1} {
            set options [list deflate [member $vector parameters] stream $stream]
            with connection [wscodec::Connection new $role {*}$options] {
                foreach message [dict get $vector messages] {
                    set wire [compressed $role [dict get $message payloads]]
                    expected $message {
                        set ::found ""
                        for {set at 0} {$at < [string length $wire]} {incr at $step} {
                            $connection receive [string range $wire $at $at+[expr {$step - 1}]] \
                                {apply {event {append ::found [dict get $event data]}}}
                        }
                        same [dict get $message message] $::found
                    }
                }
            }
        }
    }

    proc compressed {receiver payloads} {
        set key [expr {$receiver eq "server" ? "\1\2\3\4" : ""}]
        set i 0
        foreach payload $payloads {
            append wire [wscodec::frameEncode [expr {$i ? 0 : 2}] $payload mask_key $key \
                rsv [expr {$i ? 0 : 0x40}] fin [expr {$i == [llength $payloads] - 1}]]
            incr i
        }
        return $wire
    }

    # The ends of pieces: whole, in two at each place, and byte by byte.
    proc cuts {size} {
        set short [expr {$size <= 500}]
        set places [list 1 3 14 15 [expr {$size / 2}] [expr {$size - 1}]]
        if {$short} {set places {}}
        set single {}
        for {set i 1} {$i <= $size && ($short || $i < 40)} {incr i} {
            lappend single $i
            if {$short && $i < $size} {lappend places $i}
        }
        if {!$short} {lappend single $size}
        list [list $size] {*}[lmap place $places {list $place $size}] $single
    }

    proc decoder_streams {vector} { streams $vector Decoded }

    proc connection_streams {vector} { streams $vector Received }

    # Feeds the input to a reader, cut in all ways; then the bytes up to the error.
    proc streams {vector class} {
        set data [dict get $vector input]
        set end [member $vector error [member $vector end]]
        foreach ends [cuts [string length $data]] {
            with reader [$class new $vector] {
                expected $vector {
                    set start 0
                    foreach to $ends {
                        $reader feed [string range $data $start $to-1]
                        set start $to
                    }
                }
                $reader check $vector
                if {$end eq ""} {$reader finish} else {refused $end {$reader finish}}
            }
        }
        if {![dict exists $vector error_at]} return
        set at [dict get $vector error_at]
        with reader [$class new $vector] {
            $reader feed [string range $data 0 $at-1]
            refused [dict get $vector error] {$reader feed [string index $data $at]}
        }
    }
}
