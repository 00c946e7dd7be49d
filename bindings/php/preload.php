<?php

// For opcache.preload in php.ini: with ffi.enable=preload, code that is loaded here may call C, and
// no other. The header is named by ffi.preload.

declare(strict_types=1);

foreach (glob(__DIR__ . '/src/*.php') as $path) {
    opcache_compile_file($path);
}
