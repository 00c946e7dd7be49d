package ifneeded wscodec 0.1.0 [list apply {{folder} {
    namespace eval ::wscodec::native {}
    load [file join $folder wscodec[info sharedlibextension]] Wscodec
    source [file join $folder wscodec.tcl]
    package provide wscodec 0.1.0
}} $dir]
