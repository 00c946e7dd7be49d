type t = Server | Client

let flag = function Server -> Constants.ws_server | Client -> Constants.ws_client
