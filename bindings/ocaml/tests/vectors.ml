(* Runs the vectors:  vectors FOLDER *)

let checks_of = function
  | "accept_keys" -> Pieces_checks.accept_keys
  | "close_payloads" -> Pieces_checks.close_payloads
  | "utf8" -> Pieces_checks.utf8
  | "frames" -> fun vector -> Pieces_checks.frames vector; Stream_checks.check_frame_errors vector
  | "frame_headers" -> Pieces_checks.frame_headers
  | "requests" -> Heads_checks.requests
  | "responses" -> Heads_checks.responses
  | "policies" -> Heads_checks.policies
  | "deflate_accept" -> Deflate_checks.deflate_accept
  | "deflate_offer" -> Deflate_checks.deflate_offer
  | "deflate_confirm" -> Deflate_checks.deflate_confirm
  | "deflate_messages" -> Deflate_checks.deflate_messages
  | "decoder_streams" -> Stream_checks.decoder_streams
  | "connection_streams" -> Stream_checks.connection_streams
  | name -> Value.fail "unknown file %s" name

(* Whether a vector passes; if not, tells why. *)
let passes name check vector =
  match check vector with
  | () -> true
  | exception error ->
      let reason = match error with Value.Failed reason -> reason | _ -> Printexc.to_string error in
      Printf.eprintf "%s: %s: %s\n" name (Value.text "name" vector) reason;
      false

let run folder file =
  let name = Filename.remove_extension file in
  let { Value.parts; vectors } = Value.load (Filename.concat folder file) in
  Value.parts := parts;
  List.map (passes name (checks_of name)) vectors

let is_of_vectors file = Filename.extension file = ".json" && file <> "schema.json"

let () =
  let folder = Sys.argv.(1) in
  let files = List.sort compare (Array.to_list (Sys.readdir folder)) in
  let results = List.concat_map (run folder) (List.filter is_of_vectors files) in
  let passed, failed = List.partition Fun.id results in
  if failed <> [] then begin
    Printf.eprintf "ocaml: %d vectors failed\n" (List.length failed);
    exit 1
  end;
  Printf.printf "ocaml: %d vectors passed\n" (List.length passed)
