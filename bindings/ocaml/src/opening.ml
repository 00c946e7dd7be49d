type t = { request : string; offered : Deflate.t option; options : Options.t }
type confirmed = { connection : Connection.t; response : Response.t; rest : string }

let create ?(target = "/") ?(origin = "") ?(protocols = []) ?(headers = []) ?deflate
    ?(options = Options.default) host =
  ignore (Options.changed options);
  let offer = match deflate with None -> "" | Some params -> Deflate.offer params in
  let request =
    Error.checked (fun () ->
        Native.build_request
          [|
            host; target; Native.make_key (); origin; Lines.of_protocols protocols; offer;
            Lines.of_fields headers;
          |])
  in
  { request; offered = deflate; options }

let request opening = opening.request

let confirm { request; offered; options } data =
  let count, head, conn = Native.conn_confirm data request offered in
  Error.parsed (count, head)
  |> Result.map
       (Option.map (fun (response : Response.t) ->
            let connection =
              Error.checked (fun () -> Connection.adopt options response.protocol conn)
            in
            { connection; response; rest = Lines.after data (String.length response.text) }))
