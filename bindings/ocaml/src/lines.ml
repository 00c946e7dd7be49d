(* What the heads of both sides consist of. *)

let of_fields fields =
  String.concat "" (List.map (fun (name, value) -> name ^ ": " ^ value ^ "\r\n") fields)

let of_protocols protocols = String.concat ", " protocols

(* The bytes after a head. *)
let after data length = String.sub data length (String.length data - length)
