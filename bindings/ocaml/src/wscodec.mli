(** WebSocket (RFC 6455, RFC 7692) without a socket: bytes go in, events come out.

    What the peer does wrong is a [result]. What the program does wrong is an exception:
    [Invalid_argument] if an argument is out of range or a connection was freed, and [Error.Error]
    for what the library refuses, such as data after a close. Strings are bytes; text is UTF-8. *)

module Error : sig
  type t

  exception Error of t

  val name : t -> string
  (** The constant of [wscodec.h], for instance ["WS_ERR_UTF8"]. *)

  val message : t -> string

  val close_code : t -> int
  (** The code to close with because of it; 0 if there is none. *)

  val http_status : t -> int
  (** The status to reject an opening handshake with; 0 if there is none. *)

  val pp : Format.formatter -> t -> unit
end

(** The side that receives, or that a connection is. *)
module Side : sig
  type t = Server | Client
end

(** permessage-deflate. *)
module Deflate : sig
  type t = {
    server_no_context_takeover : bool;
    client_no_context_takeover : bool;
    server_max_window_bits : int;
    client_max_window_bits : int;
    level : int;  (** of the compressor; 0: the default *)
    mem_level : int;  (** of the compressor; 0: the default *)
  }

  val default : t

  val offer : t -> string
  (** The value of Sec-WebSocket-Extensions in a request. *)

  val accept : t -> string -> ((t * string) option, Error.t) result
  (** [accept willing offers]: what is agreed on, and the value of the response; [None] if no offer
      is acceptable. *)

  val confirm : t -> string -> (t option, Error.t) result
  (** [confirm offered response]: what the server has agreed to; [None] if it has declined. *)
end

module Options : sig
  (** Those of [ws_conn_set()]. A limit of 0 is none. *)
  type t = {
    max_message : int;
    max_frame : int;
    stream : bool;  (** Report messages in parts as they arrive. *)
    auto_pong : bool;
    auto_close : bool;
    check_utf8 : bool;
    any_mask : bool;
    allow_rsv : int;  (** The reserved bits for an extension of your own. *)
    keep_buffer : int;
    compress_from : int;
  }

  val default : t
  (** Messages of at most 1 MiB. *)
end

module Connection : sig
  type t
  type kind = Text | Binary

  type event =
    | Message of { kind : kind; data : string; rsv : int }
    | Part of { kind : kind; data : string; rsv : int; first : bool; last : bool }
        (** Instead of [Message], with [Options.stream]. It may end inside a character. *)
    | Ping of string
    | Pong of string
    | Close of { code : int; reason : string }  (** 1005: the peer has sent no code. *)

  type state = Open | Closing | Closed | Failed

  val create : ?options:Options.t -> ?deflate:Deflate.t -> Side.t -> t
  (** A connection whose opening handshake was elsewhere. See {!Acceptor} and {!Opening}. *)

  val receive : ?pos:int -> ?len:int -> t -> bytes -> (event -> unit) -> (unit, Error.t) result
  (** Takes what has arrived, calls the function with each event, and returns the error of the peer,
      if there is one. Payloads are unmasked in the bytes, which are not read afterwards; the events
      have copies. Then send what {!drain} returns, also after an error: it has the pongs and the
      close frame of the connection itself. The function may send, and may free the connection. *)

  val send : ?more:bool -> ?plain:bool -> ?rsv:int -> t -> kind -> string -> unit
  (** Sends a message; or with [more] a fragment, which others follow. [plain] does not compress it.
      Text is not checked: see {!Utf8.is_valid}. *)

  val ping : t -> string -> unit
  val pong : t -> string -> unit

  val close : ?code:int -> ?reason:string -> t -> unit
  (** Starts the closing handshake. The code is 1000 by default. *)

  val drain : t -> string
  (** The bytes to send now. *)

  val finish : t -> (unit, Error.t) result
  (** Tells that the peer's stream has ended; an error if it must not end here. *)

  val state : t -> state

  val has_ended : t -> bool
  (** Whether to send what {!drain} returns, shut down, and read no more. *)

  val close_sent : t -> int option
  val close_received : t -> int option
  val protocol : t -> string option

  val deflate : t -> Deflate.t option
  (** What was agreed on. *)

  val free : t -> unit
  (** Frees its memory at once, instead of when it is collected. It may be called again. Most other
      functions then raise [Invalid_argument]. *)
end

(** The heads of requests. *)
module Request : sig
  type t = {
    text : string;  (** all of it *)
    method_ : string;
    target : string;
    host : string option;
    origin : string option;
    key : string option;
    http_version : int;  (** 11 is 1.1 *)
  }

  val parse : string -> (t option, Error.t * t option) result
  (** [None] if it is incomplete. An error has the head if it is a valid one of HTTP. *)

  val header : t -> string -> string option
end

(** The heads of responses. *)
module Response : sig
  type t = {
    text : string;
    status : int;
    reason : string;
    protocol : string option;
    extensions : string option;
    http_version : int;
  }

  val parse : request:string -> string -> (t option, Error.t * t option) result
  (** [None] if it is incomplete. [WS_ERR_HANDSHAKE_STATUS] has the head. *)

  val header : t -> string -> string option
end

(** Accepts clients, all in the same way. *)
module Acceptor : sig
  type t

  type accepted = {
    reply : string;  (** to send *)
    rest : string;  (** the bytes after the request *)
    outcome : (Connection.t, Error.t) result;  (** an error if the request was rejected *)
  }

  val create :
    ?protocols:string list ->
    ?need_protocol:bool ->
    ?origins:string list ->
    ?headers:(string * string) list ->
    ?deflate:Deflate.t ->
    ?options:Options.t ->
    unit ->
    t
  (** [protocols]: the most preferred first; with [need_protocol] clients without any are rejected.
      [origins]: those allowed; all without it. [headers]: more fields of the response. *)

  val accept : t -> string -> accepted option
  (** Reads the request at the start of a string; [None] if it is incomplete. *)
end

(** The opening handshake of a client. *)
module Opening : sig
  type t
  type confirmed = { connection : Connection.t; response : Response.t; rest : string }

  val create :
    ?target:string ->
    ?origin:string ->
    ?protocols:string list ->
    ?headers:(string * string) list ->
    ?deflate:Deflate.t ->
    ?options:Options.t ->
    string ->
    t
  (** The host is for instance ["example.com:8080"]. *)

  val request : t -> string
  (** The bytes to send first. *)

  val confirm : t -> string -> (confirmed option, Error.t * Response.t option) result
  (** Reads the response at the start of a string; [None] if it is incomplete. *)
end

module Frame : sig
  (** A frame, or a chunk of one. *)
  type t = {
    opcode : int;
    fin : bool;
    rsv : int;  (** made of 0x40, 0x20 and 0x10 *)
    mask_key : string option;
    payload : string;
    payload_length : int64;  (** of the whole frame *)
    first : bool;
    last : bool;
    message_opcode : int;
  }

  (** Which frames are accepted; and [keep_masked], whose payloads stay as they are on the wire. *)
  type checks = { deflate : bool; any_mask : bool; any_rsv : bool; keep_masked : bool }

  val strict : checks

  val decode : ?checks:checks -> Side.t -> string -> ((t * int) option, Error.t) result
  (** The frame at the start of a string and its size; [None] if it is incomplete. *)

  val encode : ?fin:bool -> ?rsv:int -> ?mask_key:string -> int -> string -> string
  (** [encode opcode payload] *)

  val header : ?fin:bool -> ?rsv:int -> ?mask_key:string -> int -> int64 -> string
  (** [header opcode payload_length] *)
end

(** Frames of a stream, without messages. *)
module Decoder : sig
  type t

  val create : ?checks:Frame.checks -> ?max_payload:int -> Side.t -> t
  val feed : t -> string -> (Frame.t -> unit) -> (unit, Error.t) result
  val finish : t -> (unit, Error.t) result
end

(** Text that arrives in parts. *)
module Utf8 : sig
  type t

  val start : t
  val feed : t -> string -> (t, Error.t) result

  val is_complete : t -> bool
  (** Whether the text so far ends between characters. *)

  val is_valid : string -> bool
end

module Close_payload : sig
  val parse : string -> (int * string, Error.t) result
  (** The code, 1005 if the payload is empty, and the reason. *)

  val build : ?reason:string -> int -> string
end

module Key : sig
  val accept : string -> (string, Error.t) result
  (** The Sec-WebSocket-Accept of a Sec-WebSocket-Key. *)
end
