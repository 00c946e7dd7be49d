(* Cuts of an input, which change nothing. *)

let short = 500

(* Lengths of prefixes: all; of a long input those near its start, near [at], and its end. *)
let prefixes length at =
  List.filter
    (fun size -> size < 400 || abs (size - at) < 4 || size = length)
    (List.init (length + 1) Fun.id)

(* Cuts in two: at each place, or at some of a long input. *)
let halves input =
  let length = String.length input in
  let is_chosen at = length <= short || List.mem at [ 1; 2; 3; 14; 15; length / 2; length - 1 ] in
  List.init (max 0 (length - 1)) succ
  |> List.filter is_chosen
  |> List.map (fun at -> [ String.sub input 0 at; String.sub input at (length - at) ])

(* Byte by byte; a long input only at its start. *)
let singles input =
  let length = String.length input in
  let count = if length <= short then length else 40 in
  List.init count (fun i -> String.sub input i 1) @ [ String.sub input count (length - count) ]

let all input = ([ input ] :: halves input) @ [ singles input ]
