type t = bytes

let create ?checks ?(max_payload = 0) side =
  Check.natural "max_payload" max_payload;
  let checks = Option.value checks ~default:Frame.strict in
  Error.checked (fun () -> Native.decoder_new (Frame.flags side checks) max_payload)

let feed decoder data take =
  let input = Bytes.of_string data in
  let rec go start =
    match Error.result (fun () -> Native.decoder_feed decoder input start) with
    | Error error -> Error error
    | Ok (used, frames) ->
        Array.iter (fun frame -> take (Frame.of_native frame)) frames;
        if start + used < Bytes.length input then go (start + used) else Ok ()
  in
  go 0

let finish decoder = Error.result (fun () -> Native.decoder_finish decoder)
