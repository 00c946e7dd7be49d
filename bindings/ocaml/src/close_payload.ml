let parse payload =
  Error.result (fun () ->
      let code, length = Native.close_parse payload in
      (code, String.sub payload (String.length payload - length) length))

let build ?(reason = "") code =
  Check.range "code" 0 0xffff code;
  Error.checked (fun () -> Native.close_build code reason)
