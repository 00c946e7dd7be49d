let accept key = Error.result (fun () -> Native.accept_key key)
