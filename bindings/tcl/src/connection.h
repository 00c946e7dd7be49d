/*
 * A connection is a command with subcommands; deleting the command frees it. Included once, by
 * wscodec.c.
 */

#define MAX_BYTES (1 << 30) /* Tcl counts bytes in an int. */

static void conn_delete(void *data)
{
    ws_conn_free(data);
}

/* Returns an event: opcode, flags, close code, data. */
static Tcl_Obj *event_list(const ws_conn *conn, const void *buf, const ws_event *event)
{
    Tcl_Obj *values[] = {Tcl_NewIntObj(event->opcode), Tcl_NewIntObj(event->flags),
                         Tcl_NewIntObj(event->close_code),
                         new_bytes(ws_event_data(conn, buf, event), (size_t)event->len)};
    return Tcl_NewListObj(4, values);
}

/* recv INPUT START: returns where the rest starts, and the events of one call. INPUT is a value of
 * `copy` that nothing else refers to: its payloads are unmasked in place. */
static int conn_recv(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    ws_event events[ENTRIES];
    Tcl_WideInt start;
    size_t used;
    if (!number(interp, args[1], &start))
        return TCL_ERROR;
    bytes input = bytes_of(args[0]);
    if (start < 0 || (size_t)start > input.len)
        return fail(interp, WS_ERR_INVALID_ARGUMENT, NULL);
    char *rest = (char *)input.data + start;
    ws_result n = ws_conn_recv(conn, rest, input.len - (size_t)start, events, ENTRIES, &used);
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewWideIntObj(start + (Tcl_WideInt)used));
    for (ws_result i = 0; i < n; i++)
        if (events[i].len > MAX_BYTES)
            n = WS_ERR_NO_MEMORY;
        else
            Tcl_ListObjAppendElement(NULL, list, event_list(conn, rest, &events[i]));
    if (n >= 0)
        return done(interp, list);
    Tcl_DecrRefCount(list);
    return fail(interp, n, NULL);
}

/* send OPCODE FLAGS DATA: returns the frame. */
static int conn_send(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    Tcl_WideInt opcode, flags;
    void *buf;
    if (!number(interp, args[0], &opcode) || !number(interp, args[1], &flags))
        return TCL_ERROR;
    bytes data = bytes_of(args[2]);
    size_t size = ws_conn_send_bound(conn, data.len);
    if (size > MAX_BYTES)
        return fail(interp, WS_ERR_NO_MEMORY, NULL);
    Tcl_Obj *out = new_buffer(size, &buf);
    return done_bytes(interp, out, ws_conn_send(conn, (int)opcode, (uint32_t)flags, data.data,
                                                data.len, buf, size));
}

/* close CODE REASON: returns the frame. */
static int conn_close(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    Tcl_WideInt code;
    void *buf;
    if (!number(interp, args[0], &code))
        return TCL_ERROR;
    bytes reason = bytes_of(args[1]);
    Tcl_Obj *out = new_buffer(WS_MAX_OUTPUT, &buf);
    ws_result n = code < 0 || code > UINT16_MAX ? WS_ERR_INVALID_ARGUMENT
        : ws_conn_close(conn, (uint16_t)code, reason.data, reason.len, buf, WS_MAX_OUTPUT);
    return done_bytes(interp, out, n);
}

static int conn_output(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    void *buf;
    (void)args;
    Tcl_Obj *out = new_buffer(WS_MAX_OUTPUT, &buf);
    return done_bytes(interp, out, ws_conn_output(conn, buf, WS_MAX_OUTPUT));
}

static int conn_finish(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    (void)args;
    return done_count(interp, ws_conn_finish(conn));
}

static int conn_state(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    (void)args;
    return done(interp, Tcl_NewIntObj(ws_conn_state(conn)));
}

static int conn_set(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    Tcl_WideInt option, value;
    if (!number(interp, args[0], &option) || !number(interp, args[1], &value))
        return TCL_ERROR;
    return done_count(interp, ws_conn_set(conn, (int)option, (uint64_t)value));
}

static int conn_get(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    Tcl_WideInt option;
    uint64_t value;
    if (!number(interp, args[0], &option))
        return TCL_ERROR;
    ws_result n = ws_conn_get(conn, (int)option, &value);
    return n < 0 ? fail(interp, n, NULL) : done(interp, Tcl_NewWideIntObj((Tcl_WideInt)value));
}

static int conn_set_pmd(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    ws_pmd_params params;
    if (!params_of(interp, args[0], &params))
        return TCL_ERROR;
    return done_count(interp, ws_conn_set_pmd(conn, &params));
}

static int conn_get_pmd(ws_conn *conn, Tcl_Interp *interp, Tcl_Obj *const args[])
{
    ws_pmd_params params;
    (void)args;
    ws_result n = ws_conn_get_pmd(conn, &params);
    return done(interp, n == 1 ? params_list(&params) : Tcl_NewListObj(0, NULL));
}

static const struct {
    const char *name;
    int arguments;
    const char *usage;
    int (*proc)(ws_conn *, Tcl_Interp *, Tcl_Obj *const[]);
} subcommands[] = {
    {"recv", 2, "data start", conn_recv}, {"send", 3, "opcode flags data", conn_send},
    {"close", 2, "code reason", conn_close}, {"output", 0, "", conn_output},
    {"finish", 0, "", conn_finish}, {"state", 0, "", conn_state},
    {"set", 2, "option value", conn_set}, {"get", 1, "option", conn_get},
    {"setPmd", 1, "params", conn_set_pmd}, {"getPmd", 0, "", conn_get_pmd}, {NULL, 0, NULL, NULL},
};

COMMAND(conn_command)
{
    int i;
    if (objc < 2) {
        Tcl_WrongNumArgs(interp, 1, objv, "subcommand ?arg ...?");
        return TCL_ERROR;
    }
    if (Tcl_GetIndexFromObjStruct(interp, objv[1], subcommands, sizeof *subcommands, "subcommand",
                                  0, &i) != TCL_OK
        || !has(interp, objc, objv, 2, subcommands[i].arguments, subcommands[i].usage))
        return TCL_ERROR;
    return subcommands[i].proc(data, interp, objv + 2);
}

/* Makes the command of a connection; returns its name. */
static Tcl_Obj *new_command(Tcl_Interp *interp, ws_conn *conn)
{
    static Tcl_ThreadDataKey key;
    unsigned *count = Tcl_GetThreadData(&key, sizeof *count);
    Tcl_Obj *name = Tcl_ObjPrintf("::wscodec::native::conn%u", ++*count);
    Tcl_CreateObjCommand(interp, Tcl_GetString(name), conn_command, conn, conn_delete);
    return name;
}

COMMAND(conn_new)
{
    Tcl_WideInt side;
    HAS(1, "side");
    if (!number(interp, objv[1], &side))
        return TCL_ERROR;
    ws_conn *conn = ws_conn_new((uint32_t)side, NULL);
    return conn ? done(interp, new_command(interp, conn)) : fail(interp, WS_ERR_NO_MEMORY, NULL);
}

/* accept DATA PROTOCOLS HEADERS PARAMS ORIGINS HAS_ORIGINS FLAGS; PARAMS may be empty. Returns {}
 * while the request is incomplete; else the reply, the length of the head, the error, the name of
 * the connection's command, and the subprotocol. Numbers and lists are read first: one object may
 * be several arguments, and to convert it to another type frees what it was. */
COMMAND(conn_accept)
{
    ws_accept_spec spec;
    ws_pmd_params params;
    ws_accepted accepted;
    Tcl_WideInt has_origins, flags;
    int length;
    void *buf;
    HAS(7, "data protocols headers params origins has_origins flags");
    if (!number(interp, objv[6], &has_origins) || !number(interp, objv[7], &flags)
        || Tcl_ListObjLength(interp, objv[4], &length) != TCL_OK
        || (length > 0 && !params_of(interp, objv[4], &params)))
        return TCL_ERROR;
    memset(&spec, 0, sizeof spec);
    spec.protocols = input_of(objv[2]);
    spec.headers = input_of(objv[3]);
    spec.pmd = length > 0 ? &params : NULL;
    spec.flags = (uint32_t)flags;
    if (has_origins)
        spec.origins = input_of(objv[5]);
    bytes request = bytes_of(objv[1]);
    size_t room = WS_MAX_REPLY + spec.headers.len + spec.protocols.len;
    Tcl_Obj *out = new_buffer(room, &buf);
    ws_result n = ws_conn_accept(request.data, request.len, &spec, sizeof spec, &accepted,
                                 sizeof accepted, buf, room);
    if (n <= 0)
        return done_bytes(interp, out, n);
    Tcl_Obj *protocol = new_bytes((const char *)spec.protocols.data + accepted.protocol.off,
                                  accepted.protocol.len);
    Tcl_Obj *all[] = {new_bytes(buf, (size_t)n), Tcl_NewWideIntObj(accepted.head_len),
                      Tcl_NewWideIntObj(accepted.error),
                      accepted.conn ? new_command(interp, accepted.conn) : Tcl_NewObj(),
                      protocol};
    Tcl_DecrRefCount(out);
    return done(interp, Tcl_NewListObj(5, all));
}

/* confirm DATA REQUEST PARAMS: returns {} while the response is incomplete; else the name of the
 * connection's command, and the response. */
COMMAND(conn_confirm)
{
    ws_pmd_params params;
    ws_response response;
    ws_conn *conn;
    int length;
    HAS(3, "data request params");
    if (Tcl_ListObjLength(interp, objv[3], &length) != TCL_OK
        || (length > 0 && !params_of(interp, objv[3], &params)))
        return TCL_ERROR;
    bytes buf = bytes_of(objv[1]), request = bytes_of(objv[2]);
    ws_result n = ws_conn_confirm(buf.data, buf.len, request.data, request.len,
                                  length > 0 ? &params : NULL, NULL, &conn, &response,
                                  sizeof response);
    Tcl_Obj *head = response.head_len ? response_dict(buf.data, &response) : NULL;
    if (n < 0)
        return fail(interp, n, head);
    if (!head)
        return done(interp, Tcl_NewListObj(0, NULL));
    Tcl_Obj *both[] = {new_command(interp, conn), head};
    return done(interp, Tcl_NewListObj(2, both));
}
