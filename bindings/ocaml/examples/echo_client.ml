(* A client that sends messages and prints the replies:

   echo_client ws://HOST:PORT/PATH [MESSAGE ...]     (without any: the lines of its input) *)

open Wscodec

exception Failed of string

let fail format = Printf.ksprintf (fun reason -> raise (Failed reason)) format
let options = { Options.default with max_message = 0 }

(* A connection with its socket, for programs that wait for each message. *)
type client = { socket : Unix.file_descr; connection : Connection.t; messages : string Queue.t }

let buffer = Bytes.create 65536

let read socket =
  match Unix.read socket buffer 0 (Bytes.length buffer) with
  | 0 -> fail "the server has ended the connection"
  | len -> len

let write socket bytes = ignore (Unix.write_substring socket bytes 0 (String.length bytes))
let flush client = write client.socket (Connection.drain client.connection)

let take client data len =
  let add = function
    | Connection.Message { data; _ } -> Queue.add data client.messages
    | _ -> ()
  in
  let received = Connection.receive ~len client.connection data add in
  flush client;
  Result.iter_error (fun error -> fail "the server: %s" (Error.message error)) received

(* The host, with its port, and the target of a URI. *)
let parts_of uri =
  let scheme = "ws://" in
  if not (String.starts_with ~prefix:scheme uri) then fail "%s is not ws://HOST:PORT/PATH" uri;
  let start = String.length scheme in
  let slash = Option.value (String.index_from_opt uri start '/') ~default:(String.length uri) in
  let target = String.sub uri slash (String.length uri - slash) in
  (String.sub uri start (slash - start), if target = "" then "/" else target)

let connect_to host =
  let name, port =
    match String.rindex_opt host ':' with
    | None -> (host, "80")
    | Some at -> (String.sub host 0 at, String.sub host (at + 1) (String.length host - at - 1))
  in
  match Unix.getaddrinfo name port [ AI_SOCKTYPE SOCK_STREAM ] with
  | [] -> fail "%s: no such host" host
  | address :: _ ->
      let socket = Unix.socket ~cloexec:true address.ai_family SOCK_STREAM 0 in
      Unix.connect socket address.ai_addr;
      Unix.setsockopt socket TCP_NODELAY true;
      socket

let rec confirmed opening socket response =
  let len = read socket in
  let response = response ^ Bytes.sub_string buffer 0 len in
  match Opening.confirm opening response with
  | Ok None -> confirmed opening socket response
  | Ok (Some confirmed) -> confirmed
  | Error (error, _) -> fail "the server: %s" (Error.message error)

let connect uri =
  let host, target = parts_of uri in
  let socket = connect_to host in
  let opening = Opening.create ~target ~options host in
  write socket (Opening.request opening);
  let { Opening.connection; rest; _ } = confirmed opening socket "" in
  let client = { socket; connection; messages = Queue.create () } in
  take client (Bytes.of_string rest) (String.length rest);
  client

let send client message =
  Connection.send client.connection Text message;
  flush client

let rec receive client =
  match (Queue.take_opt client.messages, Connection.close_received client.connection) with
  | Some message, _ -> message
  | None, Some code -> fail "the server has closed with %d" code
  | None, None ->
      take client buffer (read client.socket);
      receive client

let close client =
  Connection.close client.connection;
  flush client;
  while not (Connection.has_ended client.connection) do
    take client buffer (read client.socket)
  done;
  Unix.close client.socket

let talk client message =
  send client message;
  print_endline (receive client)

let rec talk_lines client =
  match input_line stdin with
  | line ->
      talk client line;
      talk_lines client
  | exception End_of_file -> ()

let run uri messages =
  let client = connect uri in
  if messages = [] then talk_lines client else List.iter (talk client) messages;
  close client

let () =
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  try
    match Array.to_list Sys.argv with
    | _ :: uri :: messages -> run uri messages
    | _ -> fail "usage: echo_client ws://HOST:PORT/PATH [MESSAGE ...]"
  with
  | Failed reason ->
      prerr_endline reason;
      exit 1
  | Error.Error error ->
      prerr_endline (Error.message error);
      exit 1
  | Unix.Unix_error (error, _, _) ->
      prerr_endline (Unix.error_message error);
      exit 1
