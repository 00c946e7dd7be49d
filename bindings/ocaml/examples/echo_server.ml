(* An echo server on Unix.select:  echo_server --port 8080 *)

open Wscodec

let patience = 2.0 (* seconds that a peer may take to close the connection *)
let most_clients = 1000 (* select takes descriptors below 1024 *)
let buffer = Bytes.create 65536

type phase =
  | Opening of string (* the request so far *)
  | Open of Connection.t
  | Ending (* nothing follows the output *)
  | Ended of float (* our side has; the deadline of the peer *)

(* A client is not read from while there is output for it: so a slow one needs no memory. *)
type client = {
  socket : Unix.file_descr;
  mutable phase : phase;
  mutable output : string;
  mutable sent : int; (* bytes of the output *)
}

let acceptor =
  Acceptor.create ~protocols:[ "chat"; "superchat" ]
    ~options:{ Options.default with max_message = 16 * 1024 * 1024 }
    ()

let has_output client = client.sent < String.length client.output

let add_output client bytes =
  client.output <- client.output ^ bytes;
  if Connection.(match client.phase with Open connection -> has_ended connection | _ -> false) then
    client.phase <- Ending

let echo client connection data len =
  let reply = function
    | Connection.Message { kind; data; _ } -> Connection.send connection kind data
    | _ -> ()
  in
  (* After an error the output has the close frame that reports it. *)
  ignore (Connection.receive ~len connection data reply);
  add_output client (Connection.drain connection);
  if client.phase = Ending then Connection.free connection

let accept client request =
  match Acceptor.accept acceptor request with
  | None -> client.phase <- Opening request
  | Some { reply; outcome = Error _; _ } ->
      client.phase <- Ending;
      add_output client reply
  | Some { reply; rest; outcome = Ok connection } ->
      client.phase <- Open connection;
      add_output client reply;
      echo client connection (Bytes.of_string rest) (String.length rest)

let rec write client =
  if has_output client then begin
    let { socket; output; sent; _ } = client in
    let written = Unix.single_write_substring socket output sent (String.length output - sent) in
    client.sent <- sent + written;
    write client
  end
  else begin
    client.output <- "";
    client.sent <- 0;
    if client.phase = Ending then begin
      (* Closing the socket at once could destroy the close frame (RFC 6455, 7.1.1). *)
      Unix.shutdown client.socket Unix.SHUTDOWN_SEND;
      client.phase <- Ended (Unix.gettimeofday () +. patience)
    end
  end

let read client =
  match Unix.read client.socket buffer 0 (Bytes.length buffer) with
  | 0 -> raise End_of_file
  | len ->
      (match client.phase with
      | Opening request -> accept client (request ^ Bytes.sub_string buffer 0 len)
      | Open connection -> echo client connection buffer len
      | Ending | Ended _ -> ());
      write client

(* Reads or writes; returns whether the client is still there. *)
let advance client =
  match if has_output client then write client else read client with
  | () -> true
  | exception Unix.Unix_error ((EAGAIN | EWOULDBLOCK | EINTR), _, _) -> true
  | exception (Unix.Unix_error _ | End_of_file) -> false

let deadline client = match client.phase with Ended time -> time | _ -> infinity

let drop client =
  (match client.phase with Open connection -> Connection.free connection | _ -> ());
  Unix.close client.socket

let accept_client listener =
  match Unix.accept ~cloexec:true listener with
  | exception Unix.Unix_error _ -> []
  | socket, _ ->
      Unix.set_nonblock socket;
      Unix.setsockopt socket TCP_NODELAY true;
      [ { socket; phase = Opening ""; output = ""; sent = 0 } ]

(* The sockets that are ready, as the keys of a table. *)
let wait listener clients =
  let writers, readers = List.partition has_output clients in
  let sockets = List.map (fun client -> client.socket) in
  let listeners = if List.length clients < most_clients then [ listener ] else [] in
  let first = List.fold_left (fun time client -> min time (deadline client)) infinity clients in
  let time = if first = infinity then -1.0 else max 0.0 (first -. Unix.gettimeofday ()) in
  let ready = Hashtbl.create 64 in
  let add socket = Hashtbl.replace ready socket () in
  (match Unix.select (listeners @ sockets readers) (sockets writers) [] time with
  | readable, writable, _ ->
      List.iter add readable;
      List.iter add writable
  | exception Unix.Unix_error (EINTR, _, _) -> ());
  ready

let rec serve listener clients =
  let ready = wait listener clients in
  let now = Unix.gettimeofday () in
  let is_ready socket = Hashtbl.mem ready socket in
  let stays client =
    ((not (is_ready client.socket)) || advance client) && deadline client > now
  in
  let staying, gone = List.partition stays clients in
  List.iter drop gone;
  serve listener (if is_ready listener then accept_client listener @ staying else staying)

let listen port =
  let listener = Unix.socket ~cloexec:true PF_INET SOCK_STREAM 0 in
  Unix.setsockopt listener SO_REUSEADDR true;
  Unix.bind listener (ADDR_INET (Unix.inet_addr_loopback, port));
  Unix.listen listener 1024;
  Unix.set_nonblock listener;
  (match Unix.getsockname listener with
  | ADDR_INET (_, port) -> Printf.printf "listening on http://127.0.0.1:%d\n%!" port
  | ADDR_UNIX _ -> ());
  listener

let () =
  let port = ref 8080 in
  let options = [ ("--port", Arg.Set_int port, "PORT  0: a free port (8080)") ] in
  let unexpected argument = raise (Arg.Bad ("unexpected argument: " ^ argument)) in
  Arg.parse options unexpected "usage: echo_server [--port PORT]";
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  serve (listen !port) []
