(* Arguments that the library cannot refuse by name. *)

let range name least most number =
  if number < least || number > most then
    invalid_arg (Printf.sprintf "Wscodec: %s must be from %d to %d, not %d" name least most number)

let natural name number =
  if number < 0 then
    invalid_arg (Printf.sprintf "Wscodec: %s must not be negative, but is %d" name number)

let rsv bits =
  if bits land lnot 0x70 <> 0 then
    invalid_arg (Printf.sprintf "Wscodec: rsv must be made of 0x40, 0x20 and 0x10, not %d" bits)
