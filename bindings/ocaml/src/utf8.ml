type t = int

let start = 0
let feed state part = Error.result (fun () -> Native.utf8 state part)
let is_complete state = state = start
let is_valid text = feed start text = Ok start
