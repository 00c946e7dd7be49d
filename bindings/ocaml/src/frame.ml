type t = {
  opcode : int;
  fin : bool;
  rsv : int;
  mask_key : string option;
  payload : string;
  payload_length : int64;
  first : bool;
  last : bool;
  message_opcode : int;
}

type checks = { deflate : bool; any_mask : bool; any_rsv : bool; keep_masked : bool }

let strict = { deflate = false; any_mask = false; any_rsv = false; keep_masked = false }

let flags side checks =
  let open Constants in
  let flag is_on bit = if is_on then bit else 0 in
  Side.flag side
  lor flag checks.deflate ws_deflate
  lor flag checks.any_mask ws_any_mask
  lor flag checks.any_rsv ws_any_rsv
  lor flag checks.keep_masked ws_keep_masked

let of_native (frame : Native.frame) =
  let has bit = frame.flags land bit <> 0 in
  {
    opcode = frame.opcode;
    fin = has Constants.ws_fin;
    rsv = frame.flags land 0x70;
    mask_key = (if frame.mask_key = "" then None else Some frame.mask_key);
    payload = frame.payload;
    payload_length = frame.length;
    first = has Constants.ws_begin;
    last = has Constants.ws_end;
    message_opcode = frame.message_opcode;
  }

let decode ?(checks = strict) side data =
  Error.result (fun () ->
      Native.frame_decode (Bytes.of_string data) (flags side checks)
      |> Option.map (fun (frame, size) -> (of_native frame, size)))

let encoding fin rsv mask_key =
  Check.rsv rsv;
  let key = Option.value mask_key ~default:"" in
  if mask_key <> None && String.length key <> 4 then
    invalid_arg "Wscodec: mask_key must have 4 bytes";
  ((rsv lor if fin then Constants.ws_fin else 0), key)

let encode ?(fin = true) ?(rsv = 0) ?mask_key opcode payload =
  let flags, key = encoding fin rsv mask_key in
  Error.checked (fun () -> Native.frame_encode opcode flags key payload)

let header ?(fin = true) ?(rsv = 0) ?mask_key opcode payload_length =
  let flags, key = encoding fin rsv mask_key in
  Error.checked (fun () -> Native.frame_header opcode flags key payload_length)
