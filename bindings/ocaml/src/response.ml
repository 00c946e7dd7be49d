type t = Native.response = {
  text : string;
  status : int;
  reason : string;
  protocol : string option;
  extensions : string option;
  http_version : int;
}

let parse ~request data = Error.parsed (Native.parse_response data request)
let header (head : t) name = Error.checked (fun () -> Native.find_header head.text name)
