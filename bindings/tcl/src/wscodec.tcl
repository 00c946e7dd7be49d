# WebSocket (RFC 6455, RFC 7692) without a socket: bytes go in, events come out.
#
# Errors of the library have the errorCode {WSCODEC NAME NUMBER}, e.g. WS_ERR_UTF8; `try ... trap
# {WSCODEC WS_ERR_UTF8}` catches one, `trap WSCODEC` all of them.
package require Tcl 8.6

namespace eval ::wscodec {
    variable PARAMETERS {server_no_context_takeover 0 client_no_context_takeover 0
        server_max_window_bits 15 client_max_window_bits 15 level 0 mem_level 0}
    variable SWITCHES {deflate DEFLATE any_mask ANY_MASK keep_masked KEEP_MASKED any_rsv ANY_RSV}
    variable OPTIONS {max_message max_frame stream auto_pong auto_close check_utf8 any_mask allow_rsv
        compress_from keep_buffer}

    # The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
    proc acceptKey {key} { native::acceptKey $key }

    # The close code that reports an errorCode of the library to the peer.
    proc closeCode {errorCode} { native::closeCode [lindex $errorCode 2] }

    # The HTTP status that rejects a request because of an errorCode.
    proc httpStatus {errorCode} { native::httpStatus [lindex $errorCode 2] }

    # The code, 1005 for an empty payload of a close frame, and the reason in bytes.
    proc closeParse {payload} { native::closeParse $payload }

    # The payload of a close frame; the reason is in bytes.
    proc closeBuild {code {reason ""}} { native::closeBuild $code $reason }

    # Checks a part of a text. Takes the state after the part before, at first 0; returns the next
    # one, which is 0 between two characters.
    proc utf8 {state part} { native::utf8 $state $part }

    # Reads a request or a response at the start of data: a dictionary, empty if it is incomplete.
    # Of errors WS_ERR_NOT_UPGRADE and WS_ERR_HANDSHAKE_STATUS the errorCode ends with it.
    proc parseRequest {data} { native::parseRequest $data }
    proc parseResponse {data request} { native::parseResponse $data $request }

    # A list of the value of the first header field with this name; empty if there is none.
    proc header {head name} { native::findHeader [dict get $head text] $name }

    # A member of a dictionary, or "". (expr would turn a string of digits into a number.)
    proc Member {dict name} {
        if {[dict exists $dict $name]} {dict get $dict $name}
    }

    # The value of a constant of wscodec.h.
    proc C {name} { set native::C($name) }

    # The list of numbers that C takes, from a dictionary of parameters of permessage-deflate.
    proc Parameters {given} {
        variable PARAMETERS
        Known deflate $given [dict keys $PARAMETERS]
        dict values [dict merge $PARAMETERS $given]
    }

    # The reverse, for the four that are negotiated.
    proc Agreed {numbers} {
        variable PARAMETERS
        set agreed {}
        foreach name [lrange [dict keys $PARAMETERS] 0 3] number $numbers {
            if {$number ne ""} {dict set agreed $name $number}
        }
        return $agreed
    }

    # Fails if a dictionary has a key that is not in the list.
    proc Known {what given names} {
        foreach name [dict keys $given] {
            if {$name ni $names} {
                return -code error -level 2 "unknown $what: \"$name\", must be one of [join $names {, }]"
            }
        }
    }

    # The value that offers these parameters in Sec-WebSocket-Extensions.
    proc deflateOffer {parameters} { native::pmdOffer [Parameters $parameters] }

    # Server: the parameters that were agreed on, and the value of the response; {} if no offer of
    # `value` is acceptable.
    proc deflateAccept {parameters value} {
        lassign [native::pmdAccept [Parameters $parameters] $value] numbers response
        if {$response eq ""} {return {}}
        list [Agreed $numbers] $response
    }

    # Client: the parameters that the server has agreed to; {} if it has declined.
    proc deflateConfirm {parameters value} {
        Agreed [native::pmdConfirm [Parameters $parameters] $value]
    }

    proc Side {side} {
        if {$side ni {server client}} {
            return -code error -level 2 "side must be server or client, not \"$side\""
        }
        C [string toupper $side]
    }

    # Side and switches (deflate, any_mask, keep_masked, any_rsv) as flags.
    proc Flags {side switches} {
        variable SWITCHES
        set flags [Side $side]
        Known switch $switches [dict keys $SWITCHES]
        dict for {name on} $switches {
            if {$on} {set flags [expr {$flags | [C [dict get $SWITCHES $name]]}]}
        }
        return $flags
    }

    proc Rsv {rsv} {
        if {![string is integer -strict $rsv] || $rsv & ~0x70} {
            return -code error -level 2 "rsv must be made of 0x40, 0x20 and 0x10, not \"$rsv\""
        }
        return $rsv
    }

    # A frame of C as a dictionary: opcode, fin, rsv, mask_key (if masked), payload, payload_length,
    # first, last (of a chunk), message_opcode.
    proc Frame {frame} {
        set flags [dict get $frame flags]
        set found [dict create opcode [dict get $frame opcode] fin [Has $flags FIN] \
            rsv [expr {$flags & 0x70}] payload [dict get $frame payload] \
            payload_length [dict get $frame length] first [Has $flags BEGIN] last [Has $flags END] \
            message_opcode [dict get $frame message]]
        if {[dict exists $frame key]} {dict set found mask_key [dict get $frame key]}
        if {[dict exists $frame size]} {dict set found size [dict get $frame size]}
        return $found
    }

    proc Has {flags name} { expr {($flags & [C $name]) != 0} }

    # Decodes the frame at the start of data: a dictionary, empty if it is incomplete.
    proc frameDecode {data side args} {
        set frame [native::frameDecode $data [Flags $side $args]]
        if {[dict size $frame]} {return [Frame $frame]}
    }

    # Encodes a frame. Options: fin 1, rsv 0, mask_key "".
    proc frameEncode {opcode payload args} {
        native::frameEncode $opcode {*}[Encoding $args] $payload
    }

    # Encodes only the header of a frame.
    proc frameHeader {opcode payloadLength args} {
        native::frameHeader $opcode {*}[Encoding $args] $payloadLength
    }

    proc Encoding {options} {
        Known option $options {fin rsv mask_key}
        set options [dict merge {fin 1 rsv 0 mask_key {}} $options]
        set flags [expr {[Rsv [dict get $options rsv]] | ([dict get $options fin] ? [C FIN] : 0)}]
        list $flags [dict get $options mask_key]
    }

    # Header fields of a dictionary as lines. The library checks whole lines, so it cannot see that one
    # has become two.
    proc Lines {headers} {
        set lines ""
        dict for {name value} $headers {
            set line "$name: $value"
            if {[regexp {[\r\n\0]} $line]} {
                set shown [regsub -all {[\r\n\0]} $name ?]
                return -code error -level 2 "headers: \"$shown\" must not contain CR, LF or NUL"
            }
            append lines $line \r\n
        }
        return $lines
    }
}

# Decodes frames from input that is split anywhere.
oo::class create ::wscodec::Decoder {
    variable state

    # Options: max_payload 0 (a frame that announces more is an error), and switches.
    constructor {side args} {
        namespace path {::wscodec ::oo::Helpers}
        set most 0
        if {[dict exists $args max_payload]} {
            set most [dict get $args max_payload]
            dict unset args max_payload
        }
        set state [native::decoderInit [Flags $side $args] $most]
    }

    # Calls the command with each frame, or chunk of one. Fails after the chunks before an error.
    method feed {data command} {
        while {[string length $data]} {
            lassign [native::decoderFeed $state $data] state used frames error
            native::raise $error
            foreach frame $frames {uplevel #0 [list {*}$command [Frame $frame]]}
            set data [string range $data $used end]
        }
    }

    # Fails unless the stream may end here.
    method finish {} {
        native::decoderFinish $state
        return
    }
}

# A connection after its opening handshake. `destroy` frees it.
oo::class create ::wscodec::Connection {
    variable conn output protocol characters isStream isDue

    # Options: those of ws_conn_set() in lower case; deflate, a dictionary of the parameters that were
    # agreed on; and, for openings, handle and protocol.
    constructor {side args} {
        namespace path {::wscodec ::oo::Helpers}
        Known option $args [concat $::wscodec::OPTIONS deflate handle protocol]
        if {[dict exists $args handle]} {
            set conn [dict get $args handle]
        } else {
            set conn [native::connection [Side $side]]
        }
        set output ""
        set isDue 0
        set protocol [Member $args protocol]
        foreach name $::wscodec::OPTIONS {
            if {[dict exists $args $name]} {
                $conn set [C OPT_[string toupper $name]] [dict get $args $name]
            }
        }
        set settings [dict merge {stream 0 allow_rsv 0 check_utf8 1} $args]
        set isStream [dict get $settings stream]
        set characters [expr {!$isStream && ![dict get $settings allow_rsv] && [dict get $settings check_utf8]}]
        if {[dict exists $args deflate]} {$conn setPmd [Parameters [dict get $args deflate]]}
    }

    destructor {
        if {[info exists conn] && [info commands $conn] ne ""} {rename $conn {}}
    }

    # The subprotocol that was agreed, or "".
    method protocol {} { return $protocol }

    # Calls the command with each event in data, a dictionary: type is text, binary, ping, pong or
    # close; data is a string of characters for text, else of bytes; a close has code, 1005 if it has
    # none, and its reason in data. A message with bits of the option allow_rsv has rsv. With the
    # option stream, parts of a message have first and last. With the options stream, allow_rsv and
    # check_utf8 (0) text may not be valid: then data is always bytes.
    #
    # Fails after the events before an error. Afterwards send what drain returns, also then. The
    # command may destroy the connection: then the rest is ignored.
    method receive {data command} {
        set input [native::copy $data]
        set start 0
        set self [self]
        while 1 {
            set isDue 1
            try {
                set events [lassign [$conn recv $input $start] start]
                set isDue 0
                foreach event $events {
                    uplevel #0 [list {*}$command [my Event {*}$event]]
                    if {![info object isa object $self]} {return}
                }
            } finally {
                if {[info exists isDue] && $isDue} {append output [$conn output]}
            }
            if {$start >= [string length $input]} {return}
        }
    }

    # Sends characters as text, or bytes as binary data. Options: more (a fragment follows), plain
    # (not compressed), rsv.
    method text {data args} { my Send 1 [encoding convertto utf-8 $data] [my Flags $args] }
    method binary {data args} { my Send 2 $data [my Flags $args] }
    method ping {{data ""}} { my Send 9 $data 0 }
    method pong {{data ""}} { my Send 10 $data 0 }

    # Starts the closing handshake. The reason is a string of characters.
    method close {{code 1000} {reason ""}} {
        append output [$conn close $code [encoding convertto utf-8 $reason]]
        return
    }

    # The bytes to send now.
    method drain {} {
        set drained $output
        set output ""
        return $drained
    }

    # Tells that the peer's stream has ended. Fails unless it may end here.
    method finish {} {
        $conn finish
        return
    }

    # open, closing, closed or failed
    method state {} { lindex {open closing closed failed} [$conn state] }

    # Whether to send what drain returns, shut down, and read no more.
    method ended {} { expr {[$conn state] >= 2} }

    # The code of the close frame that was sent, or received; 0 if there is none.
    method closeSent {} { $conn get [C INFO_CLOSE_SENT] }
    method closeReceived {} { $conn get [C INFO_CLOSE_RECEIVED] }

    # The parameters of compression that were agreed on, or {}.
    method deflate {} { Agreed [$conn getPmd] }

    method Flags {options} {
        Known option $options {more plain rsv}
        set options [dict merge {more 0 plain 0 rsv 0} $options]
        dict with options {}
        expr {($more ? [C SEND_MORE] : 0) | ($plain ? [C SEND_PLAIN] : 0) | [Rsv $rsv]}
    }

    method Send {opcode data flags} {
        append output [$conn send $opcode $flags $data]
        return
    }

    method Event {opcode flags code data} {
        if {$opcode >= 8} {
            set isDue 1
            set type [lindex {close ping pong} [expr {$opcode - 8}]]
            if {$type ne "close"} {return [dict create type $type data $data]}
            return [dict create type close data [encoding convertfrom utf-8 $data] code $code]
        }
        if {$opcode == 1 && $characters} {set data [encoding convertfrom utf-8 $data]}
        set event [dict create type [expr {$opcode == 1 ? "text" : "binary"}] data $data]
        if {$flags & 0x70} {dict set event rsv [expr {$flags & 0x70}]}
        if {$isStream} {
            dict set event first [Has $flags EVENT_FIRST]
            dict set event last [Has $flags EVENT_LAST]
        }
        return $event
    }
}

# Accepts clients, all in the same way.
oo::class create ::wscodec::Acceptor {
    variable protocols headers parameters origins hasOrigins flags options

    # Options: protocols (a list, the most preferred first), need_protocol (reject a client without
    # any of them), origins (a list of those allowed; without it all are), headers (a dictionary,
    # added to the response), deflate (a dictionary of parameters to agree to), and those of
    # wscodec::Connection.
    constructor {args} {
        namespace path {::wscodec ::oo::Helpers}
        set own {protocols need_protocol origins headers deflate}
        Known option $args [concat $own $::wscodec::OPTIONS]
        set given [dict merge {protocols {} need_protocol 0 origins {} headers {}} $args]
        set protocols [join [dict get $given protocols] ", "]
        set headers [Lines [dict get $given headers]]
        set origins [join [dict get $given origins] " "]
        set hasOrigins [dict exists $args origins]
        set flags [expr {[dict get $given need_protocol] ? [C ACCEPT_NEED_PROTOCOL] : 0}]
        set parameters {}
        if {[dict exists $args deflate]} {set parameters [Parameters [dict get $args deflate]]}
        set options [dict remove $args {*}$own]
        my accept "" ;# checks the arguments
    }

    # Accepts or rejects the request at the start of data: {} if it is incomplete; else a dictionary
    # of reply, the bytes to send; connection, "" if the request was rejected, and then error, an
    # errorCode; and rest, the bytes after the request.
    method accept {data} {
        set result [native::accept $data $protocols $headers $parameters $origins $hasOrigins $flags]
        if {$result eq ""} {return {}}
        lassign $result reply length error handle protocol
        set found [dict create reply $reply connection "" rest [string range $data $length end]]
        if {$handle eq ""} {
            dict set found error [list WSCODEC [native::errorName $error] $error]
        } else {
            dict set found connection \
                [Connection new server {*}$options handle $handle protocol $protocol]
        }
        return $found
    }
}

# The opening handshake of a client: send [$opening request], then pass what arrives to confirm.
oo::class create ::wscodec::Opening {
    variable request parameters options

    # The host is "example.com:8080" for instance. Options: origin, protocols (a list), headers (a
    # dictionary), deflate (a dictionary of parameters to offer), and those of wscodec::Connection.
    constructor {host {target /} args} {
        namespace path {::wscodec ::oo::Helpers}
        set own {origin protocols headers deflate}
        Known option $args [concat $own $::wscodec::OPTIONS]
        set given [dict merge {origin {} protocols {} headers {}} $args]
        set parameters {}
        set offer ""
        if {[dict exists $args deflate]} {
            set parameters [Parameters [dict get $args deflate]]
            set offer [native::pmdOffer $parameters]
        }
        set options [dict remove $args {*}$own]
        set request [native::buildRequest $host $target [native::makeKey] [dict get $given origin] \
            [join [dict get $given protocols] ", "] $offer [Lines [dict get $given headers]]]
    }

    # The bytes to send first.
    method request {} { return $request }

    # {} if the response at the start of data is incomplete; else a dictionary of connection,
    # response, and rest, the bytes after it.
    method confirm {data} {
        lassign [native::confirm $data $request $parameters] handle response
        if {$handle eq ""} {return {}}
        set protocol [Member $response protocol]
        set connection [Connection new client {*}$options handle $handle protocol $protocol]
        set rest [string range $data [string length [dict get $response text]] end]
        dict create connection $connection response $response rest $rest
    }
}
