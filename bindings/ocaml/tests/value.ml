(* The values of vectors. See tests/vectors/README.md. *)

module Json = Yojson.Basic
open Json.Util

exception Failed of string

let fail format = Printf.ksprintf (fun reason -> raise (Failed reason)) format

(* A file: the vectors, and the parts that they refer to. *)
type file = { parts : Json.t; vectors : Json.t list }

let load path =
  let json = Json.from_file path in
  { parts = member "parts" json; vectors = json |> member "vectors" |> to_list }

let parts = ref `Null
let has name vector = member name vector <> `Null

let from_hex digits =
  let digits = String.concat "" (String.split_on_char ' ' digits) in
  String.init (String.length digits / 2) (fun i ->
      Char.chr (int_of_string ("0x" ^ String.sub digits (2 * i) 2)))

let rec bytes = function
  | `String text -> text
  | `List pieces -> String.concat "" (List.map bytes pieces)
  | `Assoc [ ("hex", `String digits) ] -> from_hex digits
  | `Assoc [ ("part", `String name) ] -> bytes (member name !parts)
  | `Assoc _ as repeated ->
      let times = repeated |> member "times" |> to_int in
      String.concat "" (List.init times (fun _ -> bytes (member "repeat" repeated)))
  | other -> fail "no bytes: %s" (Json.to_string other)

let bytes_at name vector = bytes (member name vector)
let text name vector = vector |> member name |> to_string
let number name vector = vector |> member name |> to_int
let list name vector = match member name vector with `Null -> [] | found -> to_list found
let number_or default name vector = if has name vector then number name vector else default

(* A switch is true, 1, false, 0 or absent. *)
let switch ?(default = false) name vector =
  match member name vector with
  | `Null -> default
  | `Bool is_on -> is_on
  | found -> to_int found <> 0

let error_of vector = to_string_option (member "error" vector)

let side vector =
  if text "role" vector = "server" then Wscodec.Side.Server else Wscodec.Side.Client

let rsv vector =
  let bit name value = if switch name vector then value else 0 in
  bit "rsv1" 0x40 lor bit "rsv2" 0x20 lor bit "rsv3" 0x10

let mask_key vector = Option.map from_hex (to_string_option (member "mask_key" vector))

let show text = if String.length text > 60 then String.sub text 0 60 ^ "..." else text

let same what expected found = if expected <> found then fail "%s differs" what

let same_text what expected found =
  if expected <> found then fail "%s is %S, not %S" what (show found) (show expected)

(* The error of a call: of the peer, or of the program. *)
let error_in call =
  match call () with
  | Ok found -> Ok found
  | Error error | (exception Wscodec.Error.Error error) -> Error (Wscodec.Error.name error)

let refused name call =
  match error_in call with
  | Ok _ -> fail "no %s" name
  | Error found -> same_text "the error" name found

(* What a call returns, unless the vector has an error: then it must have that one. *)
let expect vector call check =
  match error_of vector with
  | Some name -> refused name call
  | None -> (
      match error_in call with Ok found -> check found | Error name -> fail "unexpected %s" name)

let succeed call = match error_in call with Ok found -> found | Error name -> fail "early %s" name
