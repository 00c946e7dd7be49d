package wscodec;

/** The side that this program is. Its input comes from the other side. */
public enum Role {
    SERVER(0),
    CLIENT(1);

    final int value;

    Role(int value) {
        this.value = value;
    }
}
