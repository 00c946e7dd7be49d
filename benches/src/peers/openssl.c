/* SHA-1 as OpenSSL has it at its lowest level: its SHA1() looks the algorithm up each time. */

#include <openssl/crypto.h>
#include <openssl/sha.h>

void bench_openssl_sha1(const void *data, size_t len, unsigned char digest[20]) {
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, data, len);
    SHA1_Final(digest, &context);
}

const char *bench_openssl_version(void) { return OpenSSL_version(OPENSSL_VERSION); }
