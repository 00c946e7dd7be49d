(* The functions of the stubs, with the types that they return. *)

exception Failed of int

let () = Callback.register_exception "wscodec.failed" (Failed 0)

type params = {
  server_no_context_takeover : bool;
  client_no_context_takeover : bool;
  server_max_window_bits : int;
  client_max_window_bits : int;
  level : int;
  mem_level : int;
}

type request = {
  text : string;
  method_ : string;
  target : string;
  host : string option;
  origin : string option;
  key : string option;
  http_version : int;
}

type response = {
  text : string;
  status : int;
  reason : string;
  protocol : string option;
  extensions : string option;
  http_version : int;
}

external error_name : int -> string = "wscodec_error_name"
external error_message : int -> string = "wscodec_error_message"
external close_code_for : int -> int = "wscodec_close_code_for"
external http_status : int -> int = "wscodec_http_status"
external make_key : unit -> string = "wscodec_make_key"
external accept_key : string -> string = "wscodec_accept_key"
external utf8 : int -> string -> int = "wscodec_utf8"
external close_parse : string -> int * int = "wscodec_close_parse"
external close_build : int -> string -> string = "wscodec_close_build"

type frame = {
  opcode : int;
  flags : int;
  mask_key : string;
  payload : string;
  length : int64;
  message_opcode : int;
}

external frame_decode : bytes -> int -> (frame * int) option = "wscodec_frame_decode"
external frame_encode : int -> int -> string -> string -> string = "wscodec_frame_encode"
external frame_header : int -> int -> string -> int64 -> string = "wscodec_frame_header"
external decoder_new : int -> int -> bytes = "wscodec_decoder_new"
external decoder_feed : bytes -> bytes -> int -> int * frame array = "wscodec_decoder_feed"
external decoder_finish : bytes -> unit = "wscodec_decoder_finish"
external parse_request : string -> int * request option = "wscodec_parse_request"
external parse_response : string -> string -> int * response option = "wscodec_parse_response"
external find_header : string -> string -> string option = "wscodec_find_header"
external build_request : string array -> string = "wscodec_build_request"
external pmd_offer : params -> string = "wscodec_pmd_offer"
external pmd_accept : params -> string -> (params * string) option = "wscodec_pmd_accept"
external pmd_confirm : params -> string -> params option = "wscodec_pmd_confirm"

type conn
type event = { opcode : int; flags : int; close_code : int; data : string }

external conn_new : int -> conn = "wscodec_conn_new"
external conn_free : conn -> unit = "wscodec_conn_free"
external conn_is_freed : conn -> bool = "wscodec_conn_is_freed"
external conn_recv : conn -> bytes -> int -> int -> int * event array = "wscodec_conn_recv"

external conn_send : conn -> int -> string -> bytes -> int -> int = "wscodec_conn_send"
external conn_close : conn -> int -> string -> bytes -> int -> int = "wscodec_conn_close"
external conn_output : conn -> bytes -> int -> int = "wscodec_conn_output"
external conn_send_bound : conn -> int -> int = "wscodec_conn_send_bound"
external conn_finish : conn -> unit = "wscodec_conn_finish"
external conn_state : conn -> int = "wscodec_conn_state"
external conn_set : conn -> int -> int -> unit = "wscodec_conn_set"
external conn_get : conn -> int -> int = "wscodec_conn_get"
external conn_set_pmd : conn -> params -> unit = "wscodec_conn_set_pmd"
external conn_get_pmd : conn -> params option = "wscodec_conn_get_pmd"

type spec = {
  protocols : string;
  headers : string;
  params : params option;
  origins : string option;
  flags : int;
}

type accepted = { reply : string; head_len : int; error : int; protocol : string; conn : conn }

external conn_accept : string -> spec -> accepted option = "wscodec_conn_accept"

external conn_confirm : string -> string -> params option -> int * response option * conn
  = "wscodec_conn_confirm"
