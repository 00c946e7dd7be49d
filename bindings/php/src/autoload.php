<?php

declare(strict_types=1);

// For programs without Composer.
spl_autoload_register(static function (string $class): void {
    $path = __DIR__ . '/' . substr($class, strlen('WsCodec\\')) . '.php';
    if (str_starts_with($class, 'WsCodec\\') && is_file($path)) {
        require $path;
    }
});
