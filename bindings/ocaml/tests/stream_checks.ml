(* Streams of a decoder and of a connection. *)

open Wscodec
open Value

(* What reads a stream: [check] compares what it has reported with the vector. *)
type reader = {
  feed : string -> (unit, Error.t) result;
  finish : unit -> (unit, Error.t) result;
  check : unit -> unit;
}

let feed_all reader pieces =
  let feed result piece = Result.bind result (fun () -> reader.feed piece) in
  List.fold_left feed (Ok ()) pieces

(* Whether the stream may end here. *)
let check_end vector reader =
  match (error_of vector, Json.Util.member "end" vector) with
  | Some name, _ | None, `String name -> refused name reader.finish
  | None, _ -> succeed reader.finish

let check_error_at vector reader input at =
  succeed (fun () -> reader.feed (String.sub input 0 at));
  refused (text "error" vector) (fun () -> reader.feed (String.sub input at 1))

let check vector new_reader =
  let input = bytes_at "input" vector in
  let check_cut pieces =
    let reader = new_reader vector in
    expect vector (fun () -> feed_all reader pieces) ignore;
    reader.check ();
    check_end vector reader
  in
  List.iter check_cut (Cut.all input);
  if has "error_at" vector then
    check_error_at vector (new_reader vector) input (number "error_at" vector)

let rec iter_both what check expected found =
  match (expected, found) with
  | [], [] -> ()
  | first :: expected, other :: found ->
      check first other;
      iter_both what check expected found
  | _ -> fail "the number of %s differs" what

(* The frames of chunks: their payloads joined. *)
let join frames (chunk : Frame.t) =
  match frames with
  | (last : Frame.t) :: before when not chunk.first ->
      { chunk with payload = last.payload ^ chunk.payload } :: before
  | _ -> chunk :: frames

let same_decoded expected (frame : Frame.t) =
  Pieces_checks.same_frame expected frame;
  if frame.opcode = 0 then
    same "message_opcode" (number "message_opcode" expected) frame.message_opcode;
  if has "payload_length" expected then
    same "payload_length" (Int64.of_string (text "payload_length" expected)) frame.payload_length
  else same "payload_length" (Int64.of_int (String.length frame.payload)) frame.payload_length;
  same "the end of the frame" (not (has "payload_length" expected)) frame.last

let new_decoder vector =
  let options = Json.Util.member "options" vector in
  let max_payload = if options = `Null then 0 else number_or 0 "max_payload" options in
  let decoder = Decoder.create ~checks:(Pieces_checks.checks vector) ~max_payload (side vector) in
  let frames = ref [] in
  {
    feed = (fun data -> Decoder.feed decoder data (fun frame -> frames := join !frames frame));
    finish = (fun () -> Decoder.finish decoder);
    check =
      (fun () -> iter_both "frames" same_decoded (list "frames" vector) (List.rev !frames));
  }

let decoder_streams vector = check vector new_decoder

(* An event as a vector describes it. *)
type reported = { opcode : int; payload : string; rsv : int; code : int option; is_whole : bool }

let opcode_of = function Connection.Text -> 1 | Binary -> 2

let described (event : Connection.event) =
  let whole opcode payload = { opcode; payload; rsv = 0; code = None; is_whole = true } in
  match event with
  | Message { kind; data; rsv } -> { (whole (opcode_of kind) data) with rsv }
  | Part { kind; data; rsv; last; _ } ->
      { (whole (opcode_of kind) data) with rsv; is_whole = last }
  | Ping data -> whole 9 data
  | Pong data -> whole 10 data
  | Close { code; reason } -> { (whole 8 reason) with code = Some code }

(* Adds a part to the message that it continues, which control frames may have come after. *)
let rec continue part = function
  | [] -> fail "a part of no message"
  | message :: before when not message.is_whole ->
      { message with payload = message.payload ^ part.payload; is_whole = part.is_whole } :: before
  | other :: before -> other :: continue part before

let add events (event : Connection.event) =
  match event with
  | Part { first = false; _ } -> continue (described event) events
  | _ -> described event :: events

let same_event expected found =
  same "opcode" (number "opcode" expected) found.opcode;
  same_text "payload" (bytes_at "payload" expected) found.payload;
  same "rsv" (rsv expected) found.rsv;
  same "code" Json.Util.(to_int_option (member "close_code" expected)) found.code;
  same "the end of the message" (switch ~default:true "last" expected) found.is_whole

let options vector : Options.t =
  match Json.Util.member "options" vector with
  | `Null -> Options.default
  | given ->
      let default = Options.default in
      {
        default with
        max_message = number_or default.max_message "max_message" given;
        max_frame = number_or 0 "max_frame" given;
        stream = switch "stream" given;
        auto_pong = switch ~default:true "auto_pong" given;
        auto_close = switch ~default:true "auto_close" given;
        check_utf8 = switch ~default:true "check_utf8" given;
        any_mask = switch "any_mask" given;
        allow_rsv = number_or 0 "allow_rsv" given;
      }

let other = function Side.Server -> Side.Client | Side.Client -> Side.Server

let check_output vector sent =
  let frames = ref [] in
  let decoder = Decoder.create (other (side vector)) in
  succeed (fun () -> Decoder.feed decoder sent (fun frame -> frames := frame :: !frames));
  let same_output expected (frame : Frame.t) =
    same "opcode of the output" (number "opcode" expected) frame.opcode;
    same_text "payload of the output" (bytes_at "payload" expected) frame.payload
  in
  iter_both "frames of the output" same_output (list "output" vector) (List.rev !frames)

let new_connection vector =
  let deflate =
    if has "parameters" vector then Some (Deflate_checks.params_at "parameters" vector) else None
  in
  let connection = Connection.create ~options:(options vector) ?deflate (side vector) in
  let events = ref [] and sent = Buffer.create 64 in
  let feed data =
    let take event = events := add !events event in
    let result = Connection.receive connection (Bytes.of_string data) take in
    Buffer.add_string sent (Connection.drain connection);
    result
  in
  let check () =
    iter_both "events" same_event (list "events" vector) (List.rev !events);
    check_output vector (Buffer.contents sent)
  in
  { feed; finish = (fun () -> Connection.finish connection); check }

let connection_streams vector = check vector new_connection

(* A decoder and a connection have the errors of single frames, too, at the same byte. *)
let check_frame_errors vector =
  let first = Char.code (bytes_at "wire" vector).[0] in
  if has "error" vector && (not (has "options" vector)) && first land 15 <> 0 then
    List.iter
      (fun new_reader ->
        check_error_at vector (new_reader vector) (bytes_at "wire" vector)
          (number "error_at" vector))
      [ new_decoder; new_connection ]
