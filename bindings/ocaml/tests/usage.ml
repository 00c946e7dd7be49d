(* What the vectors do not show: ownership, wrong arguments, the order of what is sent. *)

open Wscodec

let failed = ref 0
let passed = ref 0

let test name check =
  match check () with
  | true -> incr passed
  | false | (exception _) ->
      incr failed;
      prerr_endline ("failed: " ^ name)

let server () = Connection.create Side.Server
let client () = Connection.create Side.Client
let receive connection wire = Connection.receive connection (Bytes.of_string wire)

(* The events that a new server reports for what a client has sent. *)
let arrived connection =
  let events = ref [] in
  let take event = events := event :: !events in
  let result = receive (server ()) (Connection.drain connection) take in
  assert (result = Ok ());
  List.rev !events

let message kind data = Connection.Message { kind; data; rsv = 0 }

let raises_argument name call =
  match call () with
  | _ -> false
  | exception Invalid_argument reason ->
      List.mem name (String.split_on_char ' ' reason)

let raises_error name call =
  match call () with _ -> false | exception Error.Error error -> Error.name error = name

let () =
  test "text and binary data arrive as they were sent" (fun () ->
      let client = client () in
      Connection.send client Text "\xc3\xbc\xf0\x9f\x8e\x89";
      Connection.send client Binary "\xfc\x00\xff";
      arrived client = [ message Text "\xc3\xbc\xf0\x9f\x8e\x89"; message Binary "\xfc\x00\xff" ]);

  test "fragments are one message" (fun () ->
      let client = client () in
      Connection.send ~more:true client Text "one ";
      Connection.ping client "p";
      Connection.send client Text "two";
      arrived client = [ Ping "p"; message Text "one two" ]);

  test "a part of the bytes is received" (fun () ->
      let client = client () and seen = ref [] in
      Connection.send client Text "hi";
      let wire = Connection.drain client in
      let data = Bytes.of_string ("xx" ^ wire ^ "yy") in
      let result =
        Connection.receive ~pos:2 ~len:(String.length wire) (server ()) data (fun event ->
            seen := event :: !seen)
      in
      result = Ok () && !seen = [ message Text "hi" ])

let () =
  test "output is in the order of the wire" (fun () ->
      let client = client () and server = server () in
      Connection.send client Text "hi";
      Connection.ping client "p";
      let reply = function
        | Connection.Message _ -> Connection.send server Text "yo"
        | _ -> ()
      in
      receive server (Connection.drain client) reply = Ok ()
      && Connection.drain server = "\x81\x02yo\x8a\x01p");

  test "the output is there after an exception of the function" (fun () ->
      let client = client () and server = server () in
      Connection.ping client "p";
      match receive server (Connection.drain client) (fun _ -> raise Exit) with
      | _ -> false
      | exception Exit -> Connection.drain server = "\x8a\x01p");

  test "many pings in one read take linear time" (fun () ->
      let client = client () and server = server () and pings = ref 0 in
      Connection.ping client "";
      let ping = Connection.drain client in
      let flood = String.concat "" (List.init 100_000 (fun _ -> ping)) in
      let start = Sys.time () in
      receive server flood (fun _ -> incr pings) = Ok ()
      && !pings = 100_000
      && String.length (Connection.drain server) = 200_000
      && Sys.time () -. start < 10.0);

  test "an error of the peer is a result, with a close frame" (fun () ->
      let server = server () in
      match receive server "\x83" ignore with
      | Ok () -> false
      | Error error ->
          Error.name error = "WS_ERR_OPCODE"
          && Error.close_code error = 1002
          && Connection.drain server = "\x88\x02\x03\xea"
          && Connection.has_ended server);

  test "an error of the program is an exception" (fun () ->
      let client = client () in
      Connection.close client;
      raises_error "WS_ERR_INVALID_STATE" (fun () -> Connection.send client Text "late"))

(* The opening handshake of both sides *)

let accept acceptor opening =
  Option.get (Acceptor.accept acceptor (Opening.request opening ^ "rest"))

let () =
  test "both sides agree on a subprotocol and on compression" (fun () ->
      let acceptor = Acceptor.create ~protocols:[ "a"; "b" ] ~deflate:Deflate.default () in
      let opening = Opening.create ~protocols:[ "b" ] ~deflate:Deflate.default "localhost" in
      let accepted = accept acceptor opening in
      match (accepted.outcome, Opening.confirm opening (accepted.reply ^ "more")) with
      | Ok server, Ok (Some { connection = client; rest; _ }) ->
          let protocols = List.map Connection.protocol [ server; client ] in
          let text = String.make 1000 'x' and seen = ref [] in
          Connection.send client Text text;
          let wire = Connection.drain client in
          accepted.rest = "rest"
          && rest = "more"
          && protocols = [ Some "b"; Some "b" ]
          && Connection.deflate server <> None
          && Connection.deflate client <> None
          && String.length wire < 100
          && receive server wire (fun event -> seen := event :: !seen) = Ok ()
          && !seen = [ message Text text ]
      | _ -> false);

  test "a request is rejected with an error and a reply" (fun () ->
      let acceptor = Acceptor.create ~origins:[ "https://a.example" ] () in
      let accepted = accept acceptor (Opening.create ~origin:"https://b.example" "localhost") in
      match accepted.outcome with
      | Ok _ -> false
      | Error error ->
          Error.name error = "WS_ERR_HANDSHAKE_ORIGIN"
          && String.starts_with ~prefix:"HTTP/1.1 403 " accepted.reply);

  test "a response of another status has its head" (fun () ->
      let opening = Opening.create "localhost" in
      match Opening.confirm opening "HTTP/1.1 503 Busy\r\nRetry-After: 9\r\n\r\n" with
      | Error (error, Some response) ->
          Error.name error = "WS_ERR_HANDSHAKE_STATUS"
          && response.status = 503
          && Response.header response "retry-after" = Some "9"
      | _ -> false);

  test "fields of the program are sent" (fun () ->
      let opening = Opening.create ~headers:[ ("X-Name", "value") ] "localhost" in
      match Request.parse (Opening.request opening) with
      | Ok (Some head) -> Request.header head "x-name" = Some "value"
      | _ -> false)

(* Memory *)

let () =
  test "a connection may be freed by its function" (fun () ->
      let client = client () and server = server () and seen = ref 0 in
      Connection.send client Text "a";
      Connection.ping client "";
      Connection.send client Text "b";
      let free _ =
        incr seen;
        Connection.free server
      in
      receive server (Connection.drain client) free = Ok () && !seen = 1);

  test "a freed connection refuses calls" (fun () ->
      let server = server () in
      Connection.free server;
      Connection.free server;
      let refuses call = raises_argument "freed" call in
      refuses (fun () -> Connection.send server Text "a")
      && refuses (fun () -> ignore (receive server "a" ignore))
      && refuses (fun () -> Connection.close server)
      && refuses (fun () -> ignore (Connection.finish server))
      && refuses (fun () -> ignore (Connection.state server))
      && refuses (fun () -> ignore (Connection.deflate server)));

  test "events survive what follows them" (fun () ->
      let client = client () and server = server () and seen = ref [] in
      let take event = seen := event :: !seen in
      let long = String.make 200_000 'a' in
      Connection.send ~more:true client Text long;
      Connection.send client Text "end";
      let first = receive server (Connection.drain client) take in
      Connection.send client Text (String.make 200_000 'b');
      let second = receive server (Connection.drain client) ignore in
      Connection.free server;
      Gc.compact ();
      first = Ok () && second = Ok () && !seen = [ message Text (long ^ "end") ]);

  test "connections are freed with their values" (fun () ->
      let resident () =
        let channel = open_in "/proc/self/statm" in
        let pages = Scanf.sscanf (input_line channel) "%d %d" (fun _ pages -> pages) in
        close_in channel;
        pages
      in
      let part = String.make 100_000 'x' in
      let start_message () =
        let client = client () in
        Connection.send ~more:true client Binary part;
        ignore (arrived client)
      in
      let make count = List.iter start_message (List.init count ignore) in
      make 50;
      Gc.full_major ();
      let before = resident () in
      for _ = 1 to 40 do
        make 50;
        Gc.full_major ()
      done;
      (* 2000 unfinished messages of 100,000 bytes would be 200 MB. *)
      resident () - before < 50_000_000 / 4096)

(* Wrong arguments *)

let () =
  let named name call =
    test ("a wrong " ^ name ^ " is named") (fun () -> raises_argument name call)
  in
  let options = Options.default in
  let with_options options () = ignore (Connection.create ~options Side.Server) in
  named "max_message" (with_options { options with max_message = -1 });
  named "max_frame" (with_options { options with max_frame = -1 });
  named "rsv" (with_options { options with allow_rsv = 1 });
  named "rsv" (fun () -> Connection.send ~rsv:1 (client ()) Text "a");
  named "rsv" (fun () -> ignore (Frame.encode ~rsv:0x80 1 "a"));
  named "mask_key" (fun () -> ignore (Frame.encode ~mask_key:"abc" 1 "a"));
  named "code" (fun () -> Connection.close ~code:70_000 (client ()));
  named "code" (fun () -> ignore (Close_payload.build (-1)));
  named "max_payload" (fun () -> ignore (Decoder.create ~max_payload:(-1) Side.Server));
  named "level" (fun () -> ignore (Deflate.offer { Deflate.default with level = 256 }));
  named "len" (fun () -> ignore (Connection.receive ~len:2 (server ()) (Bytes.create 1) ignore));
  named "pos" (fun () -> ignore (Connection.receive ~pos:(-1) (server ()) (Bytes.create 1) ignore));
  test "wrong arguments of an acceptor are refused at once" (fun () ->
      raises_error "WS_ERR_INVALID_ARGUMENT" (fun () -> Acceptor.create ~origins:[ "*" ] ()));
  test "options and compression that exclude each other are refused" (fun () ->
      raises_error "WS_ERR_INVALID_STATE" (fun () ->
          let options = { options with allow_rsv = 0x40 } in
          Connection.create ~options ~deflate:Deflate.default Side.Server))

let () =
  Printf.printf "%d tests of the usage passed\n" !passed;
  exit (if !failed > 0 then 1 else 0)
