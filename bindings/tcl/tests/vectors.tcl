# Runs the vectors: tclsh tests/vectors.tcl FOLDER
package require wscodec
set here [file dirname [file normalize [info script]]]
source [file join $here json.tcl]
source [file join $here checks.tcl]
source [file join $here readers.tcl]

# Reads the files.
namespace eval vectors {
    variable BYTES {accept extensions header host input key message method offers origin payload
        payloads protocol reason request response responses target text wire}
    variable MANY {offers responses payloads}
    variable TEXT {policies protocol deflate_accept response}

    # The vectors of a file as dictionaries, with bytes instead of what stands for them. null is an
    # absent member, true and false are 1 and 0.
    proc load {path} {
        variable BYTES
        variable TEXT
        variable names $BYTES
        variable parts {}
        set kind [file rootname [file tail $path]]
        if {[dict exists $TEXT $kind]} {
            set names [lsearch -all -inline -not $BYTES [dict get $TEXT $kind]]
        }
        set members [lindex [json::read $path] 1]
        if {[dict exists $members parts]} {set parts [lindex [dict get $members parts] 1]}
        lmap vector [lindex [dict get $members vectors] 1] {Resolved "" $vector}
    }

    proc Resolved {name value} {
        variable names
        lassign $value type content
        switch $type {
            array {return [lmap each $content {Resolved "" $each}]}
            object {
                set resolved {}
                dict for {name member} $content {
                    if {$member eq "word null"} continue
                    set read [expr {$name in $names ? "BytesOf" : "Resolved"}]
                    dict set resolved $name [$read $name $member]
                }
                return $resolved
            }
            default {return [string map {true 1 false 0} $content]}
        }
    }

    proc BytesOf {name value} {
        variable MANY
        if {$name ni $MANY} {return [Bytes $value]}
        lmap each [lindex $value 1] {Bytes $each}
    }

    proc Bytes {value} {
        variable parts
        lassign $value type content
        if {$type eq "string"} {return [encoding convertto utf-8 $content]}
        if {$type eq "array"} {return [join [lmap each $content {Bytes $each}] ""]}
        set first [lindex [dict values $content] 0]
        switch [lindex [dict keys $content] 0] {
            hex {return [binary format H* [string map {{ } {}} [lindex $first 1]]]}
            part {return [Bytes [dict get $parts [lindex $first 1]]]}
        }
        string repeat [Bytes [dict get $content repeat]] [lindex [dict get $content times] 1]
    }
}

set passed 0
set failed 0
foreach path [lsort [glob [file join [lindex $argv 0] *.json]]] {
    set kind [file rootname [file tail $path]]
    if {$kind eq "schema"} continue
    foreach vector [vectors::load $path] {
        if {[catch {checks::$kind $vector} message]} {
            incr failed
            puts stderr "$kind: [dict get $vector name]: [string range $message 0 400]"
        } else {
            incr passed
        }
    }
}
if {$failed} {
    puts stderr "tcl: $failed vectors failed"
    exit 1
}
puts "tcl: $passed vectors passed"
