type t = { spec : Native.spec; options : Options.t }

type accepted = { reply : string; rest : string; outcome : (Connection.t, Error.t) result }

let create ?(protocols = []) ?(need_protocol = false) ?origins ?(headers = []) ?deflate
    ?(options = Options.default) () =
  let spec =
    {
      Native.protocols = Lines.of_protocols protocols;
      headers = Lines.of_fields headers;
      params = Option.map Deflate.checked deflate;
      origins = Option.map (String.concat " ") origins;
      flags = (if need_protocol then Constants.ws_accept_need_protocol else 0);
    }
  in
  ignore (Options.changed options);
  ignore (Error.checked (fun () -> Native.conn_accept "" spec));
  { spec; options }

let outcome options (accepted : Native.accepted) =
  if accepted.error < 0 then Error accepted.error
  else
    let protocol = if accepted.protocol = "" then None else Some accepted.protocol in
    Ok (Connection.adopt options protocol accepted.conn)

let accept { spec; options } data =
  Error.checked (fun () ->
      Native.conn_accept data spec
      |> Option.map (fun (accepted : Native.accepted) ->
             {
               reply = accepted.reply;
               rest = Lines.after data accepted.head_len;
               outcome = outcome options accepted;
             }))
