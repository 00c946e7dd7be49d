type t = {
  max_message : int;
  max_frame : int;
  stream : bool;
  auto_pong : bool;
  auto_close : bool;
  check_utf8 : bool;
  any_mask : bool;
  allow_rsv : int;
  keep_buffer : int;
  compress_from : int;
}

let default =
  {
    max_message = 1_048_576;
    max_frame = 0;
    stream = false;
    auto_pong = true;
    auto_close = true;
    check_utf8 = true;
    any_mask = false;
    allow_rsv = 0;
    keep_buffer = 0;
    compress_from = 0;
  }

(* The options of C, with the values of these. *)
let settings options =
  let open Constants in
  [
    (ws_opt_max_message, options.max_message);
    (ws_opt_max_frame, options.max_frame);
    (ws_opt_stream, Bool.to_int options.stream);
    (ws_opt_auto_pong, Bool.to_int options.auto_pong);
    (ws_opt_auto_close, Bool.to_int options.auto_close);
    (ws_opt_check_utf8, Bool.to_int options.check_utf8);
    (ws_opt_any_mask, Bool.to_int options.any_mask);
    (ws_opt_allow_rsv, options.allow_rsv);
    (ws_opt_keep_buffer, options.keep_buffer);
    (ws_opt_compress_from, options.compress_from);
  ]

(* Those that differ from the library's defaults. *)
let changed options =
  Check.natural "max_message" options.max_message;
  Check.natural "max_frame" options.max_frame;
  Check.natural "keep_buffer" options.keep_buffer;
  Check.natural "compress_from" options.compress_from;
  Check.rsv options.allow_rsv;
  let defaults = settings default in
  List.filter (fun setting -> not (List.mem setting defaults)) (settings options)
