<?php

declare(strict_types=1);

namespace WsCodec;

/** Reads the files. */
final class Vectors
{
    private const BYTES = [
        'accept', 'extensions', 'header', 'host', 'input', 'key', 'message', 'method', 'offers',
        'origin', 'payload', 'payloads', 'protocol', 'reason', 'request', 'response', 'responses',
        'target', 'text', 'wire',
    ];
    private const MANY = ['offers', 'responses', 'payloads'];
    private const TEXT = ['policies' => ['protocol'], 'deflate_accept' => ['response']];

    /** @return list<string> */
    public static function kinds(string $folder): array
    {
        $kinds = array_map(fn ($path) => basename($path, '.json'), glob("$folder/*.json"));
        return array_values(array_diff($kinds, ['schema']));
    }

    /** The vectors of a file, with bytes instead of what stands for them. */
    public static function load(string $folder, string $kind): array
    {
        $file = json_decode((string) file_get_contents("$folder/$kind.json"), true, 64, JSON_THROW_ON_ERROR);
        $names = array_diff(self::BYTES, self::TEXT[$kind] ?? []);
        return array_map(fn ($v) => self::resolve($v, $names, $file['parts'] ?? []), $file['vectors']);
    }

    private static function resolve(mixed $value, array $names, array $parts): mixed
    {
        if (!is_array($value)) {
            return $value;
        }
        foreach ($value as $name => $member) {
            $value[$name] = match (true) {
                $member === null, !in_array($name, $names, true) => self::resolve($member, $names, $parts),
                in_array($name, self::MANY, true) => array_map(fn ($m) => self::bytes($m, $parts), $member),
                default => self::bytes($member, $parts),
            };
        }
        return $value;
    }

    private static function bytes(mixed $value, array $parts): string
    {
        return match (true) {
            is_string($value) => $value,
            array_is_list($value) => implode('', array_map(fn ($v) => self::bytes($v, $parts), $value)),
            isset($value['hex']) => (string) hex2bin(str_replace(' ', '', $value['hex'])),
            isset($value['repeat']) => str_repeat(self::bytes($value['repeat'], $parts), $value['times']),
            default => self::bytes($parts[$value['part']], $parts),
        };
    }
}
