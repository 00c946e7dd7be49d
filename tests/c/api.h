/* The library's functions: linked, or with VIA_POINTERS through pointers that
 * the program filled with dlsym(). */
#ifndef API_H
#define API_H

#include "wscodec.h"

#ifdef VIA_POINTERS
#define F(name) extern __typeof__(name) *via_##name;
#include "functions.def"
#undef F
#define ws_version (*via_ws_version)
#define ws_version_string (*via_ws_version_string)
#define ws_features (*via_ws_features)
#define ws_sizeof (*via_ws_sizeof)
#define ws_strerror (*via_ws_strerror)
#define ws_errname (*via_ws_errname)
#define ws_close_code_for (*via_ws_close_code_for)
#define ws_http_status (*via_ws_http_status)
#define ws_accept_key (*via_ws_accept_key)
#define ws_parse_handshake (*via_ws_parse_handshake)
#define ws_next_header (*via_ws_next_header)
#define ws_find_header (*via_ws_find_header)
#define ws_select_protocol (*via_ws_select_protocol)
#define ws_origin_allowed (*via_ws_origin_allowed)
#define ws_build_response (*via_ws_build_response)
#define ws_build_reply (*via_ws_build_reply)
#define ws_make_key (*via_ws_make_key)
#define ws_build_request (*via_ws_build_request)
#define ws_parse_response (*via_ws_parse_response)
#define ws_frame_decode (*via_ws_frame_decode)
#define ws_frame_size (*via_ws_frame_size)
#define ws_frame_encode (*via_ws_frame_encode)
#define ws_frame_header (*via_ws_frame_header)
#define ws_mask (*via_ws_mask)
#define ws_mask_copy (*via_ws_mask_copy)
#define ws_decoder_init (*via_ws_decoder_init)
#define ws_decoder_feed (*via_ws_decoder_feed)
#define ws_decoder_finish (*via_ws_decoder_finish)
#define ws_frames_encode (*via_ws_frames_encode)
#define ws_utf8_validate (*via_ws_utf8_validate)
#define ws_close_parse (*via_ws_close_parse)
#define ws_close_build (*via_ws_close_build)
#define ws_close_code_valid (*via_ws_close_code_valid)
#define ws_pmd_accept (*via_ws_pmd_accept)
#define ws_pmd_offer (*via_ws_pmd_offer)
#define ws_pmd_confirm (*via_ws_pmd_confirm)
#define ws_conn_new (*via_ws_conn_new)
#define ws_conn_free (*via_ws_conn_free)
#define ws_conn_accept (*via_ws_conn_accept)
#define ws_conn_set_pmd (*via_ws_conn_set_pmd)
#define ws_conn_get_pmd (*via_ws_conn_get_pmd)
#define ws_conn_set (*via_ws_conn_set)
#define ws_conn_get (*via_ws_conn_get)
#define ws_event_data (*via_ws_event_data)
#define ws_conn_recv (*via_ws_conn_recv)
#define ws_conn_output (*via_ws_conn_output)
#define ws_conn_send (*via_ws_conn_send)
#define ws_conn_send_bound (*via_ws_conn_send_bound)
#define ws_conn_close (*via_ws_conn_close)
#define ws_conn_finish (*via_ws_conn_finish)
#define ws_conn_state (*via_ws_conn_state)
#endif

#endif
