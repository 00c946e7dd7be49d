(* Keys, close payloads, text and frames. *)

open Wscodec
open Value

let accept_keys vector =
  expect vector
    (fun () -> Key.accept (bytes_at "key" vector))
    (same_text "accept" (if has "accept" vector then bytes_at "accept" vector else ""))

let close_payloads vector =
  if has "payload" vector then
    expect vector
      (fun () -> Close_payload.parse (bytes_at "payload" vector))
      (fun (code, reason) ->
        same "code" (number "code" vector) code;
        same_text "reason" (bytes_at "reason" vector) reason);
  if has "code" vector then
    expect vector
      (fun () -> Ok (Close_payload.build ~reason:(bytes_at "reason" vector) (number "code" vector)))
      (same_text "payload" (if has "payload" vector then bytes_at "payload" vector else ""))

let feed_text pieces =
  let feed state piece = Result.bind state (fun state -> Utf8.feed state piece) in
  List.fold_left feed (Ok Utf8.start) pieces

let utf8 vector =
  let text = bytes_at "text" vector in
  let is_complete = not (switch "incomplete" vector) in
  let check pieces =
    expect vector
      (fun () -> feed_text pieces)
      (fun state -> same "completeness" is_complete (Utf8.is_complete state))
  in
  List.iter check (Cut.all text);
  same "validity" (error_of vector = None && is_complete) (Utf8.is_valid text);
  if has "error_at" vector then begin
    let at = number "error_at" vector in
    ignore (succeed (fun () -> feed_text [ String.sub text 0 at ]));
    refused (Value.text "error" vector) (fun () -> feed_text [ String.sub text 0 (at + 1) ])
  end

let checks vector : Frame.checks =
  let options = Json.Util.member "options" vector in
  let is_on name = options <> `Null && switch name options in
  {
    deflate = is_on "deflate";
    any_mask = is_on "any_mask";
    any_rsv = is_on "any_rsv";
    keep_masked = is_on "keep_masked";
  }

let same_frame expected (frame : Frame.t) =
  same "opcode" (number "opcode" expected) frame.opcode;
  same "fin" (switch "fin" expected) frame.fin;
  same "rsv" (rsv expected) frame.rsv;
  same "mask_key" (mask_key expected) frame.mask_key;
  same_text "payload" (bytes_at "payload" expected) frame.payload

let frames vector =
  let wire = bytes_at "wire" vector in
  let length = String.length wire in
  let at = number_or (length - 1) "error_at" vector in
  let decode size =
    Frame.decode ~checks:(checks vector) (side vector) (String.sub wire 0 size)
  in
  let check_whole = function
    | None -> fail "a frame is incomplete"
    | Some (frame, size) ->
        same "size" length size;
        same "first and last" (true, true) (frame.Frame.first, frame.last);
        same_frame (Json.Util.member "frame" vector) frame
  in
  let check size =
    if size > at then expect vector (fun () -> decode size) check_whole
    else same "an incomplete frame" None (succeed (fun () -> decode size))
  in
  List.iter check (Cut.prefixes length at);
  if error_of vector = None then
    let frame = Json.Util.member "frame" vector in
    let encoded =
      Frame.encode ~fin:(switch "fin" frame) ~rsv:(rsv frame) ?mask_key:(mask_key frame)
        (number "opcode" frame) (bytes_at "payload" frame)
    in
    same_text "wire" wire encoded

let frame_headers vector =
  let header = bytes_at "header" vector in
  let opcode = number "opcode" vector and fin = switch "fin" vector in
  let length = Int64.of_string (text "payload_length" vector) in
  same_text "header" header (Frame.header ~fin ?mask_key:(mask_key vector) opcode length);
  let seen = ref [] in
  let take (frame : Frame.t) = seen := (frame.opcode, frame.fin, frame.payload_length) :: !seen in
  (* A frame is reported with the first byte of its payload. *)
  let start = if length = 0L then header else header ^ "\000" in
  let decoder = Decoder.create (side vector) in
  succeed (fun () -> Decoder.feed decoder start take);
  same "header" [ (opcode, fin, length) ] !seen
