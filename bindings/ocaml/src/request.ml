type t = Native.request = {
  text : string;
  method_ : string;
  target : string;
  host : string option;
  origin : string option;
  key : string option;
  http_version : int;
}

let parse data = Error.parsed (Native.parse_request data)
let header (head : t) name = Error.checked (fun () -> Native.find_header head.text name)
