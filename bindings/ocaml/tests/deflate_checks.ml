(* permessage-deflate: what is negotiated, and messages. *)

open Wscodec
open Value

let params json : Deflate.t =
  if json = `Null then Deflate.default
  else
    {
      Deflate.default with
      server_no_context_takeover = switch "server_no_context_takeover" json;
      client_no_context_takeover = switch "client_no_context_takeover" json;
      server_max_window_bits = number_or 15 "server_max_window_bits" json;
      client_max_window_bits = number_or 15 "client_max_window_bits" json;
    }

(* What was negotiated, without what each side chooses by itself. *)
let negotiated (params : Deflate.t) = { params with level = 0; mem_level = 0 }

let params_at name vector = params (Json.Util.member name vector)
let agreed vector = if has "agreed" vector then Some (params_at "agreed" vector) else None
let same_agreed vector found = same "agreed" (agreed vector) (Option.map negotiated found)
let values name vector = List.map bytes (list name vector)

let fields values =
  String.concat "" (List.map (fun value -> "Sec-WebSocket-Extensions: " ^ value ^ "\r\n") values)

(* What an acceptor replies to a request with these offers. *)
let accepted vector =
  let request = Opening.request (Opening.create "localhost") in
  let lines = String.sub request 0 (String.length request - 2) in
  let acceptor = Acceptor.create ~deflate:(params_at "willing" vector) () in
  Option.get (Acceptor.accept acceptor (lines ^ fields (values "offers" vector) ^ "\r\n"))

let deflate_accept vector =
  let offers = String.concat ", " (values "offers" vector) in
  let response = if has "response" vector then Some (bytes_at "response" vector) else None in
  expect vector
    (fun () -> Deflate.accept (params_at "willing" vector) offers)
    (fun found ->
      same_agreed vector (Option.map fst found);
      same "response" response (Option.map snd found));
  expect vector
    (fun () -> (accepted vector).outcome)
    (fun connection ->
      same_agreed vector (Connection.deflate connection);
      Connection.free connection)

let deflate_offer vector =
  let offered = params_at "offered" vector in
  let offer = bytes_at "offer" vector in
  same_text "offer" offer (Deflate.offer offered);
  match Request.parse (Opening.request (Opening.create ~deflate:offered "localhost")) with
  | Ok (Some head) ->
      same "field" (Some offer) (Request.header head "Sec-WebSocket-Extensions")
  | _ -> fail "the request is invalid"

(* A response that accepts an opening, with these extensions. *)
let response_to opening values =
  match Request.parse (Opening.request opening) with
  | Ok (Some { key = Some key; _ }) ->
      let accept = succeed (fun () -> Key.accept key) in
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      ^ "Sec-WebSocket-Accept: " ^ accept ^ "\r\n" ^ fields values ^ "\r\n"
  | _ -> fail "the request is invalid"

let is_deflate extension =
  let name = List.hd (String.split_on_char ';' extension) in
  List.mem (String.trim name) [ ""; "permessage-deflate" ]

let deflate_confirm vector =
  let offered = params_at "offered" vector and responses = values "responses" vector in
  expect vector
    (fun () -> Deflate.confirm offered (String.concat ", " responses))
    (same_agreed vector);
  (* The same in an opening handshake, where an extension that was not offered is an error. *)
  let opening = Opening.create ~deflate:offered "localhost" in
  let confirm () = Result.map_error fst (Opening.confirm opening (response_to opening responses)) in
  if List.for_all is_deflate (List.concat_map (String.split_on_char ',') responses) then
    expect vector confirm (function
      | None -> fail "the response is incomplete"
      | Some { connection; _ } ->
          same_agreed vector (Connection.deflate connection);
          Connection.free connection)
  else refused "WS_ERR_EXTENSION" confirm

(* The frames of a compressed message. *)
let framed side payloads =
  let last = List.length payloads - 1 in
  let mask_key = if side = Side.Server then Some "\001\002\003\004" else None in
  let encode i payload =
    let opcode, rsv = if i = 0 then (2, 0x40) else (0, 0) in
    Frame.encode ~fin:(i = last) ~rsv ?mask_key opcode payload
  in
  String.concat "" (List.mapi encode payloads)

let receive_pieces connection pieces take =
  List.fold_left
    (fun result piece ->
      Result.bind result (fun () -> Connection.receive connection (Bytes.of_string piece) take))
    (Ok ()) pieces

(* The messages, with each message whole or byte by byte, collected or in parts. *)
let check_messages vector cut stream =
  let options = { Options.default with stream } in
  let deflate = params_at "parameters" vector in
  let connection = Connection.create ~options ~deflate (side vector) in
  let check message =
    let found = Buffer.create 64 in
    let take = function
      | Connection.Message { data; _ } | Part { data; _ } -> Buffer.add_string found data
      | _ -> fail "a control frame"
    in
    let wire = framed (side vector) (values "payloads" message) in
    expect message
      (fun () -> receive_pieces connection (cut wire) take)
      (fun () -> same_text "message" (bytes_at "message" message) (Buffer.contents found))
  in
  List.iter check (list "messages" vector);
  Connection.free connection

let deflate_messages vector =
  List.iter
    (fun cut -> List.iter (check_messages vector cut) [ false; true ])
    [ (fun wire -> [ wire ]); Cut.singles ]
