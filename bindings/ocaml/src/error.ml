type t = int

exception Error of t

let name = Native.error_name
let message = Native.error_message
let close_code = Native.close_code_for
let http_status = Native.http_status
let pp formatter error = Format.fprintf formatter "%s (%s)" (message error) (name error)

let () =
  Printexc.register_printer (function
    | Error error -> Some (Format.asprintf "Wscodec.Error: %a" pp error)
    | _ -> None)

(* Errors from here on are the program's own or the system's; below, the peer's. *)
let is_own error = error > Constants.ws_err_http_syntax

let peers error = if is_own error then raise (Error error) else Result.error error

(* An error of the peer is a result, one of the program an exception. *)
let result call = match call () with
  | found -> Ok found
  | exception Native.Failed error -> peers error

(* For calls that only the program can get wrong. *)
let checked call = try call () with Native.Failed error -> raise (Error error)

(* What a parser returns: a count or an error, and the head if it could be read. *)
let parsed (count, head) =
  if count >= 0 then Ok head else Result.map_error (fun error -> (error, head)) (peers count)
