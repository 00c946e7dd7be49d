<?php

// Runs the vectors: php tests/vectors.php FOLDER

declare(strict_types=1);

namespace WsCodec;

require __DIR__ . '/../src/autoload.php';
require __DIR__ . '/Vectors.php';
require __DIR__ . '/Checks.php';
require __DIR__ . '/Readers.php';

$passed = 0;
$failed = 0;
foreach (Vectors::kinds($argv[1]) as $kind) {
    foreach (Vectors::load($argv[1], $kind) as $vector) {
        try {
            Checks::{$kind}($vector);
            $passed++;
        } catch (\Throwable $e) {
            $failed++;
            fwrite(STDERR, "$kind: $vector[name]: " . substr((string) $e, 0, 600) . "\n");
        }
    }
}
if ($failed > 0) {
    fwrite(STDERR, "php: $failed vectors failed\n");
    exit(1);
}
echo "php: $passed vectors passed\n";
