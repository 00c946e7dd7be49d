(* Requests, responses, and what a server selects. *)

open Wscodec
open Value

let some = Option.value ~default:""

(* The fields of a head; an absent one is "". *)
let field_of_request (head : Request.t) = function
  | "method" -> head.method_
  | "target" -> head.target
  | "host" -> some head.host
  | "origin" -> some head.origin
  | "key" -> some head.key
  | "http_version" -> string_of_int head.http_version
  | name -> fail "unknown field %s" name

let field_of_response (head : Response.t) = function
  | "status" -> string_of_int head.status
  | "reason" -> head.reason
  | "protocol" -> some head.protocol
  | "extensions" -> some head.extensions
  | "http_version" -> string_of_int head.http_version
  | name -> fail "unknown field %s" name

let expected_field = function
  | `Null -> ""
  | `Int number -> string_of_int number
  | value -> bytes value

let check_fields vector head field_of =
  match (Json.Util.member "fields" vector, head) with
  | `Null, _ -> ()
  | _, None -> fail "no head"
  | fields, Some head ->
      List.iter
        (fun (name, value) -> same_text name (expected_field value) (field_of head name))
        (Json.Util.to_assoc fields)

(* A prefix of a head is incomplete before the byte that completes it or proves the error, and has
   one result from there on. *)
let check_head vector head parse field_of text_of =
  let length = String.length head in
  let at = number_or (length - 1) "error_at" vector in
  let parse size = parse (String.sub head 0 size) in
  let check size =
    let found () = Result.map_error fst (parse size) in
    if size > at then expect vector found (fun head -> same "completeness" true (head <> None))
    else same "an incomplete head" None (succeed found)
  in
  List.iter check (Cut.prefixes length at);
  let found = match parse length with Ok found | Error (_, found) -> found in
  check_fields vector found field_of;
  if error_of vector = None then same "the text" (Some head) (Option.map text_of found)

let requests vector =
  let text_of (head : Request.t) = head.text in
  check_head vector (bytes_at "request" vector) Request.parse field_of_request text_of

let responses vector =
  let request = bytes_at "request" vector in
  let text_of (head : Response.t) = head.text in
  check_head vector (bytes_at "response" vector) (Response.parse ~request) field_of_response text_of

let acceptor vector =
  let policy = Json.Util.member "policy" vector in
  let given name = policy <> `Null && has name policy in
  let list name = if given name then Some [ bytes_at name policy ] else None in
  let need_protocol = given "need_protocol" && switch "need_protocol" policy in
  Acceptor.create ?protocols:(list "protocols") ?origins:(list "origins") ~need_protocol ()

let policies vector =
  match Acceptor.accept (acceptor vector) (bytes_at "request" vector) with
  | None -> fail "the request is incomplete"
  | Some { outcome = Ok connection; rest; _ } ->
      same "the error" None (error_of vector);
      same_text "the rest" "" rest;
      let expected = Json.Util.(to_string_option (member "protocol" vector)) in
      same "protocol" expected (Connection.protocol connection);
      Connection.free connection
  | Some { outcome = Error error; reply; _ } ->
      let status = number "status" vector in
      same "the error" (error_of vector) (Some (Error.name error));
      same "status" status (Error.http_status error);
      let line = Printf.sprintf "HTTP/1.1 %d " status in
      if not (String.starts_with ~prefix:line reply) then fail "the reply is %S" (show reply)
