type kind = Text | Binary

type event =
  | Message of { kind : kind; data : string; rsv : int }
  | Part of { kind : kind; data : string; rsv : int; first : bool; last : bool }
  | Ping of string
  | Pong of string
  | Close of { code : int; reason : string }

type state = Open | Closing | Closed | Failed

type t = {
  conn : Native.conn;
  stream : bool;
  protocol : string option;
  mutable output : bytes; (* its first [length] bytes are to be sent *)
  mutable length : int;
}

let free connection = Native.conn_free connection.conn

(* Takes over what C has made. *)
let adopt (options : Options.t) protocol conn =
  try
    let set (option, number) = Native.conn_set conn option number in
    List.iter set (Options.changed options);
    { conn; stream = options.stream; protocol; output = Bytes.empty; length = 0 }
  with error ->
    Native.conn_free conn;
    raise error

let create ?(options = Options.default) ?deflate side =
  Error.checked (fun () ->
      let connection = adopt options None (Native.conn_new (Side.flag side)) in
      let set_pmd params = Native.conn_set_pmd connection.conn (Deflate.checked params) in
      Option.iter set_pmd deflate;
      connection)

let protocol connection = connection.protocol

(* Calls a function that writes to a buffer from a position, with so much room. *)
let write connection room call =
  let needed = connection.length + room in
  if Bytes.length connection.output < needed then begin
    let larger = Bytes.create (max needed (2 * connection.length)) in
    Bytes.blit connection.output 0 larger 0 connection.length;
    connection.output <- larger
  end;
  let written = call connection.output connection.length in
  connection.length <- connection.length + written

let drain connection =
  let drained = Bytes.sub_string connection.output 0 connection.length in
  connection.output <- Bytes.empty;
  connection.length <- 0;
  drained

let write_output connection =
  write connection Constants.ws_max_output (Native.conn_output connection.conn)

let event_of stream (event : Native.event) =
  let open Constants in
  let { Native.opcode; flags; close_code; data } = event in
  let rsv = flags land 0x70 in
  let kind = if opcode = ws_opcode_text then Text else Binary in
  if opcode = ws_opcode_ping then Ping data
  else if opcode = ws_opcode_pong then Pong data
  else if opcode = ws_opcode_close then Close { code = close_code; reason = data }
  else if stream then
    let has bit = flags land bit <> 0 in
    Part { kind; data; rsv; first = has ws_event_first; last = has ws_event_last }
  else Message { kind; data; rsv }

(* Whether the library may have something to send by itself after these events. *)
let calls_for_output events =
  Array.exists (fun (event : Native.event) -> event.opcode >= Constants.ws_opcode_close) events

(* The connection's own output follows what [take] sends for the same events. *)
let handle connection take events =
  let finish () =
    if calls_for_output events && not (Native.conn_is_freed connection.conn) then
      Error.checked (fun () -> write_output connection)
  in
  Fun.protect ~finally:finish (fun () ->
      Array.iter
        (fun event ->
          if not (Native.conn_is_freed connection.conn) then
            take (event_of connection.stream event))
        events)

let receive ?(pos = 0) ?len connection data take =
  let len = Option.value len ~default:(Bytes.length data - pos) in
  if pos < 0 || len < 0 || len > Bytes.length data - pos then
    invalid_arg "Wscodec.Connection.receive: pos and len must be a range of the data";
  let stop = pos + len in
  let rec go pos =
    match Error.result (fun () -> Native.conn_recv connection.conn data pos (stop - pos)) with
    | Error error ->
        Error.checked (fun () -> write_output connection);
        Error error
    | Ok (used, events) ->
        handle connection take events;
        let next = pos + used in
        if next < stop && not (Native.conn_is_freed connection.conn) then go next else Ok ()
  in
  go pos

let send_frame connection opcode flags data =
  Error.checked (fun () ->
      let room = Native.conn_send_bound connection.conn (String.length data) in
      write connection room (Native.conn_send connection.conn (opcode lor (flags lsl 4)) data))

let opcode_of = function
  | Text -> Constants.ws_opcode_text
  | Binary -> Constants.ws_opcode_binary

let send ?(more = false) ?(plain = false) ?(rsv = 0) connection kind data =
  Check.rsv rsv;
  let flag is_on bit = if is_on then bit else 0 in
  let flags = flag more Constants.ws_send_more lor flag plain Constants.ws_send_plain lor rsv in
  send_frame connection (opcode_of kind) flags data

let ping connection data = send_frame connection Constants.ws_opcode_ping 0 data
let pong connection data = send_frame connection Constants.ws_opcode_pong 0 data

let close ?(code = Constants.ws_close_normal) ?(reason = "") connection =
  Check.range "code" 0 0xffff code;
  Error.checked (fun () ->
      write connection Constants.ws_max_output (Native.conn_close connection.conn code reason))

let finish connection = Error.result (fun () -> Native.conn_finish connection.conn)

let state connection =
  let open Constants in
  let number = Native.conn_state connection.conn in
  if number = ws_state_open then Open
  else if number = ws_state_closing then Closing
  else if number = ws_state_closed then Closed
  else Failed

let has_ended connection =
  match state connection with Open | Closing -> false | Closed | Failed -> true

let fact connection option =
  match Native.conn_get connection.conn option with 0 -> None | code -> Some code

let close_sent connection = fact connection Constants.ws_info_close_sent
let close_received connection = fact connection Constants.ws_info_close_received
let deflate connection = Native.conn_get_pmd connection.conn
