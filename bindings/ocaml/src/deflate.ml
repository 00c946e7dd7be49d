type t = Native.params = {
  server_no_context_takeover : bool;
  client_no_context_takeover : bool;
  server_max_window_bits : int;
  client_max_window_bits : int;
  level : int;
  mem_level : int;
}

let default =
  {
    server_no_context_takeover = false;
    client_no_context_takeover = false;
    server_max_window_bits = 15;
    client_max_window_bits = 15;
    level = 0;
    mem_level = 0;
  }

(* The stubs cut numbers to a byte; the library knows the exact ranges. *)
let checked params =
  Check.range "server_max_window_bits" 0 255 params.server_max_window_bits;
  Check.range "client_max_window_bits" 0 255 params.client_max_window_bits;
  Check.range "level" 0 255 params.level;
  Check.range "mem_level" 0 255 params.mem_level;
  params

let offer params = Error.checked (fun () -> Native.pmd_offer (checked params))
let accept params offers = Error.result (fun () -> Native.pmd_accept (checked params) offers)
let confirm offered value = Error.result (fun () -> Native.pmd_confirm (checked offered) value)
