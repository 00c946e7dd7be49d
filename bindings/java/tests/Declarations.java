package wscodec;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Compares the functions, structs and constants of this package with wscodec.json. */
public final class Declarations {
    private static final Map<String, JsonObject> FUNCTIONS = new HashMap<>();
    private static final Map<String, JsonObject> STRUCTS = new HashMap<>();
    private static final Map<String, Integer> CONSTANTS = new HashMap<>();
    private static int compared;

    /** The types of parameters and results that stand for those of C. */
    private static final Map<String, String> TYPES = Map.of(
            "int", "int",
            "uint32_t", "int",
            "uint64_t", "long",
            "size_t", "long",
            "ws_result", "long",
            "void", "void");

    private static void function(Method method) {
        var function = FUNCTIONS.get(method.getName());
        var where = method.toString();
        Expect.that(function != null, where);
        var result = function.get("result").getAsString();
        Expect.that(matches(result, method.getReturnType(), true), where + " returns " + result);
        var parameters = function.getAsJsonArray("parameters");
        var types = method.getParameterTypes();
        Expect.same(parameters.size(), types.length, where);
        for (int i = 0; i < types.length; i++) {
            var type = parameters.get(i).getAsJsonObject().get("type").getAsString();
            Expect.that(matches(type, types[i], false), where + " takes " + type);
        }
        compared++;
    }

    private static boolean matches(String c, Class<?> type, boolean isResult) {
        if (c.equals("const char *")) {
            return type == String.class;
        }
        if (c.endsWith("*")) {
            return type == long.class || type == array(c) || (type == byte[].class && !isResult);
        }
        if (c.equals("uint16_t")) {
            return type == (isResult ? short.class : int.class);
        }
        return type.getName().equals(TYPES.get(c));
    }

    /** The array for a pointer to numbers; a struct or bytes are a byte[]. */
    private static Class<?> array(String pointer) {
        return switch (pointer) {
            case "uint16_t *" -> short[].class;
            case "uint32_t *" -> int[].class;
            case "size_t *", "uint64_t *", "ws_conn **" -> long[].class;
            default -> byte[].class;
        };
    }

    private static void struct(Class<?> layout) throws IllegalAccessException {
        var name = "ws" + layout.getSimpleName().replaceAll("([A-Z])", "_$1").toLowerCase();
        var struct = STRUCTS.get(name);
        Expect.that(struct != null, name);
        var offsets = new HashMap<String, Integer>();
        offsets.put("SIZE", on64(struct, "size"));
        for (var each : struct.getAsJsonArray("fields")) {
            var field = each.getAsJsonObject();
            offsets.put(field.get("name").getAsString().toUpperCase(), on64(field, "offset"));
        }
        for (var field : layout.getDeclaredFields()) {
            Expect.same(offsets.get(field.getName()), field.getInt(null),
                    name + "." + field.getName());
            compared++;
        }
    }

    private static int on64(JsonObject object, String member) {
        return object.getAsJsonObject(member).get("64").getAsInt();
    }

    private static void constant(String name, int value) {
        Expect.same(CONSTANTS.get(name), value, name);
        compared++;
    }

    /** The constants of a class whose names, behind the prefix, are those of C. */
    private static void constants(Class<?> type, String prefix) throws IllegalAccessException {
        for (var field : type.getDeclaredFields()) {
            var name = "WS_" + prefix + field.getName();
            if (field.getType() == int.class && Modifier.isStatic(field.getModifiers())
                    && CONSTANTS.containsKey(name)) {
                field.setAccessible(true);
                constant(name, field.getInt(null));
            }
        }
    }

    public static void main(String[] args) throws Exception {
        var json = JsonParser.parseString(Files.readString(Path.of(args[0]))).getAsJsonObject();
        json.getAsJsonArray("functions").forEach(each ->
                FUNCTIONS.put(name(each.getAsJsonObject()), each.getAsJsonObject()));
        json.getAsJsonArray("structs").forEach(each ->
                STRUCTS.put(name(each.getAsJsonObject()), each.getAsJsonObject()));
        json.getAsJsonArray("constants").forEach(each -> CONSTANTS.put(
                name(each.getAsJsonObject()), each.getAsJsonObject().get("value").getAsInt()));
        for (var method : Native.class.getDeclaredMethods()) {
            if (Modifier.isNative(method.getModifiers())) {
                function(method);
            }
        }
        for (var layout : Layout.class.getDeclaredClasses()) {
            struct(layout);
        }
        for (var error : ErrorCode.values()) {
            if (error != ErrorCode.UNKNOWN) {
                constant("WS_ERR_" + error, error.value);
            }
        }
        for (var opcode : Opcode.values()) {
            constant("WS_OPCODE_" + opcode, opcode.value());
        }
        for (var role : Role.values()) {
            constant("WS_" + role, role.value);
        }
        for (var option : Option.values()) {
            constant("WS_OPT_" + option, option.value);
        }
        for (var fact : Fact.values()) {
            constant("WS_INFO_" + fact, fact.value);
        }
        for (var state : State.values()) {
            constant("WS_STATE_" + state, state.ordinal());
        }
        for (var accept : Frame.Accept.values()) {
            constant("WS_" + accept, accept.value);
        }
        constants(Frame.class, "");
        constants(Event.class, "EVENT_");
        constants(Connection.class, "");
        constants(Connection.class, "SEND_");
        constants(Acceptor.class, "");
        constants(Acceptor.class, "ACCEPT_");
        constants(Close.class, "CLOSE_");
        constants(Request.class, "");
        System.out.println("java: " + compared + " declarations agree with wscodec.json");
    }

    private static String name(JsonObject object) {
        return object.get("name").getAsString();
    }
}
