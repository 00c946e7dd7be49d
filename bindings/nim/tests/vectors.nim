## Runs the vectors of a folder, and counts those that pass.
##
##   vectors FOLDER

import std/[os, tables]
import values, compression, handshakes, pieces, streams

let tests = {
  "accept_keys": acceptKeys, "close_payloads": closePayloads, "utf8": utf8, "frames": frames,
  "frame_headers": frameHeaders, "requests": requests, "responses": responses,
  "policies": policies, "deflate_accept": deflateAccept, "deflate_offer": deflateOffer,
  "deflate_confirm": deflateConfirm, "deflate_messages": deflateMessages,
  "decoder_streams": decoderStreams, "connection_streams": connectionStreams}.toTable

var passed, failed = 0
for path in walkFiles(paramStr(1) / "*.json"):
  let kind = path.splitFile.name
  if kind == "schema": continue
  let file = parseFile(path)
  for vector in file["vectors"]:
    try:
      tests[kind](vector, file{"parts"})
      inc passed
    except CatchableError, Defect:
      inc failed
      stderr.writeLine kind, ": ", vector["name"].getStr, ": ", getCurrentExceptionMsg()
if failed > 0: quit $failed & " vectors failed"
echo "nim: ", passed, " vectors passed"
