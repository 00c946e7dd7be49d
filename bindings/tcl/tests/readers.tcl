# A decoder and what it has reported, as a vector describes it.
oo::class create Decoded {
    variable reader frames

    constructor {vector} {
        set reader [wscodec::Decoder new [dict get $vector role] {*}[checks::member $vector options]]
        set frames {}
    }

    destructor {$reader destroy}

    method feed {data} { $reader feed $data [namespace code {my Take}] }
    method finish {} { $reader finish }

    method Take {chunk} {
        if {[dict get $chunk first]} {
            set frame [checks::described $chunk]
            dict set frame payload ""
            dict set frame payload_length [dict get $chunk payload_length]
            if {[dict get $chunk opcode] == 0} {
                dict set frame message_opcode [dict get $chunk message_opcode]
            }
            lappend frames $frame
        }
        set frame [lindex $frames end]
        dict append frame payload [dict get $chunk payload]
        if {[dict get $chunk last]} {dict unset frame payload_length}
        lset frames end $frame
    }

    method check {vector} { checks::sameDicts [dict get $vector frames] $frames }
}

# A connection and what it has reported and sent.
oo::class create Received {
    variable reader events sent hasBytes

    constructor {vector} {
        set options [checks::member $vector options]
        if {[dict exists $vector parameters]} {dict set options deflate [dict get $vector parameters]}
        set hasBytes [expr {[dict exists $options check_utf8] || [dict exists $options allow_rsv]}]
        set reader [wscodec::Connection new [dict get $vector role] {*}$options]
        set events {}
        set sent ""
    }

    destructor {$reader destroy}

    method feed {data} {
        try {
            $reader receive $data [namespace code {my Take}]
        } finally {
            append sent [$reader drain]
        }
    }

    method finish {} { $reader finish }

    method Take {event} {
        set type [dict get $event type]
        set data [dict get $event data]
        set opcode [dict get {text 1 binary 2 close 8 ping 9 pong 10} $type]
        if {[dict exists $event first]} {return [my Part $event $opcode $data]}
        if {$type in {text close} && !$hasBytes} {set data [encoding convertto utf-8 $data]}
        set entry [dict create opcode $opcode payload $data]
        if {$type eq "close"} {dict set entry close_code [dict get $event code]}
        lappend events [dict merge $entry [checks::bits [checks::member $event rsv 0]]]
    }

    method Part {event opcode data} {
        if {[dict get $event first]} {
            lappend events [dict create opcode $opcode payload "" last 0]
        }
        set i [llength $events]
        while {![dict exists [lindex $events [incr i -1]] last]} {}
        set message [lindex $events $i]
        dict append message payload $data
        if {[dict get $event last]} {dict unset message last}
        lset events $i $message
    }

    method check {vector} {
        checks::sameDicts [dict get $vector events] $events
        set other [dict get {server client client server} [dict get $vector role]]
        set ::frames {}
        set decoder [wscodec::Decoder new $other]
        $decoder feed $sent {apply {frame {
            lappend ::frames [dict filter $frame key opcode payload]
        }}}
        $decoder destroy
        checks::sameDicts [dict get $vector output] $::frames
    }
}
