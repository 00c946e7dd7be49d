# Reads JSON with its types, which json::json2dict does not keep: a value is {string TEXT},
# {word TEXT} (a number, true, false, null), {array VALUES} or {object NAMES-AND-VALUES}.
namespace eval json {
    variable text position

    proc read {path} {
        variable text
        variable position 0
        set channel [open $path]
        fconfigure $channel -encoding utf-8
        set text [::read $channel]
        close $channel
        Value
    }

    # The next token: one of { } [ ] : , or a string or a word.
    proc Token {} {
        variable text
        variable position
        if {![regexp -start $position -indices {\A\s*([][{}:,]|"(?:[^"\\]|\\.)*"|[-+.\w]+)} $text all token]} {
            error "no JSON at $position"
        }
        set position [expr {[lindex $all 1] + 1}]
        string range $text {*}$token
    }

    proc Value {} { Read [Token] }

    proc Read {token} {
        switch -glob -- $token {
            \\\{ {return [list object [Members "\}"]]}
            \\\[ {return [list array [Members "\]"]]}
            \"* {return [list string [Unescaped $token]]}
            default {return [list word $token]}
        }
    }

    proc Unescaped {token} { subst -nocommands -novariables [string range $token 1 end-1] }

    # The members of an object, with their names, or of an array.
    proc Members {end} {
        set members {}
        while {[set token [Token]] ne $end} {
            if {$token eq ","} continue
            if {$end eq "\}"} {
                lappend members [Unescaped $token]
                Token
                set token [Token]
            }
            lappend members [Read $token]
        }
        return $members
    }
}
