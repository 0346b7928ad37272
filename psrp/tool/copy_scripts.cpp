#include <psrp/tool/copy_scripts.hpp>

namespace psrp::tool {

namespace {

constexpr std::string_view sending = R"ps(
param([string[]]$Path, [bool]$FollowLinks, [bool]$List)
begin {
    $ErrorActionPreference = 'Stop'
    $utf8 = New-Object System.Text.UTF8Encoding $false
    $have = New-Object 'System.Collections.Generic.Dictionary[string,object]' ([StringComparer]::Ordinal)
    $out = New-Object System.IO.MemoryStream
    $writer = New-Object System.IO.BinaryWriter $out
    $sha = [System.Security.Cryptography.SHA256]::Create()
    $chunkBytes = 1048576
    $buffer = New-Object byte[] $chunkBytes
    $isUnix = $PSVersionTable.Platform -eq 'Unix'
    $hasModes = $isUnix -and ('System.IO.UnixFileMode' -as [type])
    $state = @{ Source = [uint32]0; Files = [uint64]0; Bytes = [uint64]0 }

    function Report([byte]$Type, [string]$Name, [string]$Message) {
        $nameBytes = $utf8.GetBytes($Name)
        $messageBytes = $utf8.GetBytes($Message)
        $writer.Write($Type)
        $writer.Write([uint32](8 + $nameBytes.Length + $messageBytes.Length))
        $writer.Write([uint32]$state.Source)
        $writer.Write([uint32]$nameBytes.Length)
        $writer.Write($nameBytes, 0, $nameBytes.Length)
        $writer.Write($messageBytes, 0, $messageBytes.Length)
    }
    function Reason($Record) { $Record.Exception.GetBaseException().Message }
    function Mode([string]$Full) {
        if ($hasModes) { return [uint32]([int][System.IO.File]::GetUnixFileMode($Full) -band 511) }
        [uint32]::MaxValue
    }
    function WriteFolder([string]$Full, [string]$Name, $Item) {
        $nameBytes = $utf8.GetBytes($Name)
        $mode = Mode $Full
        $writer.Write([byte]68)
        $writer.Write([uint32](12 + $nameBytes.Length))
        $writer.Write($mode)
        $writer.Write([int64]$Item.LastWriteTimeUtc.Ticks)
        $writer.Write($nameBytes, 0, $nameBytes.Length)
    }
    function WriteFile([byte]$Type, [uint32]$Mode, [int64]$Time, [int64]$Length, [int64]$Offset, [string]$Name) {
        $nameBytes = $utf8.GetBytes($Name)
        $writer.Write($Type)
        $writer.Write([uint32](30 + $nameBytes.Length))
        $writer.Write($Mode)
        $writer.Write($Time)
        $writer.Write($Length)
        $writer.Write($Offset)
        $writer.Write([uint16]0)
        $writer.Write($nameBytes, 0, $nameBytes.Length)
    }
    function PrefixHash($Stream, [int64]$Length) {
        $hash = [System.Security.Cryptography.SHA256]::Create()
        $left = $Length
        while ($left -gt 0) {
            $n = $Stream.Read($buffer, 0, [int][Math]::Min($left, $chunkBytes))
            if ($n -le 0) { break }
            [void]$hash.TransformBlock($buffer, 0, $n, $null, 0)
            $left -= $n
        }
        [void]$hash.TransformFinalBlock($buffer, 0, 0)
        [Convert]::ToBase64String($hash.Hash)
    }
    # What is to be said of a file on Unix that is none; only an empty one can be anything else.
    function IsSpecial($Item) {
        if (-not $isUnix -or $Item.Length -ne 0) { return $false }
        $kind = (Get-Item -LiteralPath $Item.FullName -Force).UnixStat.ItemType
        $kind -in 'NamedPipe', 'Socket', 'BlockDevice', 'CharacterDevice'
    }
    function SendFile($Item, [string]$Name) {
        $stream = $null
        try {
            if (IsSpecial $Item) { Report 78 $Name 'is neither a file nor a folder and left out'; return }
            $full = $Item.FullName
            $stream = [System.IO.File]::Open($full, 'Open', 'Read', [System.IO.FileShare]7)
            $length = $stream.Length
            $time = [System.IO.File]::GetLastWriteTimeUtc($full).Ticks
            $mode = Mode $full
            if ($List) { WriteFile 70 $mode $time $length 0 $Name; return }
            $offset = [int64]0
            $known = $null
            if ($have.TryGetValue("$($state.Source)/$Name", [ref]$known)) {
                $fits = $known.Length -le $length -and (-not $known.Whole -or $known.Length -eq $length)
                if ($fits -and (PrefixHash $stream $known.Length) -eq $known.Hash) { $offset = $known.Length }
                if ($offset -eq $length -and $known.Whole -and $fits) {
                    WriteFile 75 $mode $time $length $offset $Name
                    return
                }
                $stream.Position = 0
            }
            WriteFile 70 $mode $time $length $offset $Name
            $sha.Initialize()
            $left = $offset
            while ($left -gt 0) {
                $n = $stream.Read($buffer, 0, [int][Math]::Min($left, $chunkBytes))
                if ($n -le 0) { break }
                [void]$sha.TransformBlock($buffer, 0, $n, $null, 0)
                $left -= $n
            }
            $left = $length - $offset
            while ($left -gt 0) {
                $room = $chunkBytes - $out.Length
                if ($room -lt 16384) {
                    , $out.ToArray()
                    $out.SetLength(0)
                    $room = $chunkBytes
                }
                $n = $stream.Read($buffer, 0, [int][Math]::Min($left, $room))
                if ($n -le 0) { Report 88 $Name 'was made shorter while it was read'; return }
                $writer.Write([byte]66)
                $writer.Write([uint32]$n)
                $writer.Write($buffer, 0, $n)
                [void]$sha.TransformBlock($buffer, 0, $n, $null, 0)
                $left -= $n
            }
            if ($stream.Length -ne $length -or [System.IO.File]::GetLastWriteTimeUtc($full).Ticks -ne $time) {
                Report 88 $Name 'was changed while it was read'
                return
            }
            [void]$sha.TransformFinalBlock($buffer, 0, 0)
            $writer.Write([byte]69)
            $writer.Write([uint32]32)
            $writer.Write($sha.Hash, 0, 32)
            $state.Files += 1
            $state.Bytes += [uint64]($length - $offset)
        }
        catch { Report 88 $Name ('cannot be read: ' + (Reason $_)) }
        finally { if ($stream) { $stream.Dispose() } }
    }
    function IsLink($Item) {
        ($Item.Attributes -band [System.IO.FileAttributes]::ReparsePoint) -and $Item.LinkType -in 'SymbolicLink', 'Junction'
    }
    # Where a folder is that is called so, links followed to their ends.
    function RealPath([string]$Full) {
        for ($hops = 0; $hops -lt 40; ++$hops) {
            $at = Get-Item -LiteralPath $Full -Force
            $target = if (IsLink $at) { @($at.Target)[0] }
            if (-not $target) { break }
            $Full = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($Full), $target))
        }
        $Full
    }
}
process {
    if ($_ -isnot [byte[]]) { return }
    $chunk = $_
    $at = 0
    while ($at + 5 -le $chunk.Length) {
        $n = [BitConverter]::ToInt32($chunk, $at + 1)
        $p = $at + 5
        $at = $p + $n
        if ($chunk[$p - 5] -ne 72) { throw 'psrp copy: expected what is there of files' }
        $name = $utf8.GetString($chunk, $p + 45, $n - 45)
        $have["$([BitConverter]::ToUInt32($chunk, $p))/$name"] = @{
            Whole = $chunk[$p + 4] -ne 0
            Length = [BitConverter]::ToInt64($chunk, $p + 5)
            Hash = [Convert]::ToBase64String($chunk, $p + 13, 32)
        }
    }
}
end {
    foreach ($one in $Path) {
        $writer.Write([byte]83)
        $writer.Write([uint32]0)
        try {
            $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($one)
            $stack = New-Object System.Collections.Stack
            if ([System.IO.Directory]::Exists($full)) {
                $stack.Push(@((New-Object System.IO.DirectoryInfo $full), '', @(RealPath $full)))
            } elseif ([System.IO.File]::Exists($full)) {
                SendFile (New-Object System.IO.FileInfo $full) ''
            } else {
                Report 88 '' "cannot be read: there is no file '$full'"
            }
            while ($stack.Count) {
                $item, $name, $above = $stack.Pop()
                try {
                    $inside = @($item.GetFileSystemInfos())
                    WriteFolder $item.FullName $name $item
                }
                catch { Report 88 $name ('cannot be read: ' + (Reason $_)); continue }
                foreach ($child in $inside) {
                    $below = if ($name) { "$name/$($child.Name)" } else { $child.Name }
                    if (-not $FollowLinks -and (IsLink $child)) {
                        Report 78 $below 'is a symbolic link and left out'
                    } elseif ($child -is [System.IO.DirectoryInfo]) {
                        $real = [System.IO.Path]::Combine($above[-1], $child.Name)
                        if ($FollowLinks -and (IsLink $child)) { try { $real = RealPath $real } catch { } }
                        if ($above -ccontains $real) {
                            Report 88 $below 'is a link to a folder that it is in'
                        } else {
                            $stack.Push(@($child, $below, (@($above) + $real)))
                        }
                    } else {
                        SendFile $child $below
                    }
                    if ($out.Length -gt $chunkBytes - 16384) {
                        , $out.ToArray()
                        $out.SetLength(0)
                    }
                }
            }
        }
        catch { Report 88 '' ('cannot be read: ' + (Reason $_)) }
        $state.Source += 1
    }
    $writer.Write([byte]90)
    $writer.Write([uint32]16)
    $writer.Write([uint64]$state.Files)
    $writer.Write([uint64]$state.Bytes)
    , $out.ToArray()
}
)ps";

constexpr std::string_view receiving = R"ps(
param([string]$Destination, [bool]$Folder, [bool]$Survey, [bool]$First)
begin {
    $ErrorActionPreference = 'Stop'
    $utf8 = New-Object System.Text.UTF8Encoding $false
    $out = New-Object System.IO.MemoryStream
    $writer = New-Object System.IO.BinaryWriter $out
    $isUnix = $PSVersionTable.Platform -eq 'Unix'
    $isCore = $PSVersionTable.PSVersion.Major -ge 6
    $modeType = 'System.IO.UnixFileMode' -as [type]
    $hasModes = $isUnix -and $modeType
    if ($First) {
        $global:PsrpCopy = @{
            Sources = 0; Root = ''; File = $null; Skips = $false; Failed = $null; Consumed = [uint64]0
            Folders = (New-Object System.Collections.ArrayList); Files = [uint64]0; Bytes = [uint64]0
            Hash = [System.Security.Cryptography.SHA256]::Create(); Ended = $false
        }
    }
    $s = $global:PsrpCopy

    function Report([byte]$Type, [string]$Name, [string]$Message) {
        $nameBytes = $utf8.GetBytes($Name)
        $messageBytes = $utf8.GetBytes($Message)
        $writer.Write($Type)
        $writer.Write([uint32](8 + $nameBytes.Length + $messageBytes.Length))
        $writer.Write([uint32]($s.Sources - 1))
        $writer.Write([uint32]$nameBytes.Length)
        $writer.Write($nameBytes, 0, $nameBytes.Length)
        $writer.Write($messageBytes, 0, $messageBytes.Length)
    }
    function Full([string]$Name) {
        if (-not $isUnix -and $Name -match '[\\:*?"<>|]') { throw 'Windows takes no such name' }
        if ($Name) { return [System.IO.Path]::Combine($s.Root, $Name) }
        $s.Root
    }
    # A full disk ends the copy.
    function Trouble([string]$Name, $Record) {
        $e = $Record.Exception.GetBaseException()
        Report 88 $Name ('cannot be written: ' + $e.Message)
        $isFull = if ($isUnix) { $e.HResult -in 28, 122 } else { ($e.HResult -band 0xFFFF) -in 39, 112 }
        if ($isFull) {
            , $out.ToArray()
            throw 'the disk of the destination is full'
        }
    }
    function Drop {
        if ($s.File) { $s.File.Dispose() }
        $s.File = $null
        if ($s.Partial) { try { [System.IO.File]::Delete($s.Partial) } catch { } }
    }
    function Settle {
        for ($i = $s.Folders.Count - 1; $i -ge 0; --$i) {
            $path, $mode, $time = $s.Folders[$i]
            try { [System.IO.Directory]::SetLastWriteTimeUtc($path, (New-Object DateTime $time, 'Utc')) } catch { }
            if ($hasModes -and $mode -ne [uint32]::MaxValue) {
                try { [System.IO.File]::SetUnixFileMode($path, ($mode -as $modeType)) } catch { }
            }
        }
        $s.Folders.Clear()
    }
    function SetKind([string]$Path, [uint32]$Mode, [int64]$Time) {
        if ($Time -gt 0) {
            try { [System.IO.File]::SetLastWriteTimeUtc($Path, (New-Object DateTime $Time, 'Utc')) } catch { }
        }
        if ($hasModes -and $Mode -ne [uint32]::MaxValue) {
            try { [System.IO.File]::SetUnixFileMode($Path, (($Mode -band 511) -as $modeType)) } catch { }
        }
    }
    function BeginSource([string]$Name) {
        if (-not $Survey) { Settle }
        $s.Sources += 1
        $s.Failed = $null
        $s.Root = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Destination)
        $is = [System.IO.Directory]::Exists($s.Root)
        if (-not $is -and -not $Survey -and ($Folder -or -not $Name)) { [void][System.IO.Directory]::CreateDirectory($s.Root) }
        $s.IsTop = -not $Name
        if ($Name -and ($is -or $Folder)) {
            $s.Root = [System.IO.Path]::Combine($s.Root, $Name)
        } elseif ($Name) {
            $s.Root = $s.Root -replace '(?<=.)[/\\]+$'
        }
    }
    function BeginFolder([byte[]]$Chunk, [int]$P, [int]$N) {
        $name = $utf8.GetString($Chunk, $P + 12, $N - 12)
        if ($null -ne $s.Failed -and "$name/".StartsWith($s.Failed, 'Ordinal')) { return }
        if ($s.IsTop -and -not $name) { return }
        try {
            $path = Full $name
            [void][System.IO.Directory]::CreateDirectory($path)
            [void]$s.Folders.Add(@($path, [BitConverter]::ToUInt32($Chunk, $P), [BitConverter]::ToInt64($Chunk, $P + 4)))
        }
        catch {
            $s.Failed = if ($name) { "$name/" } else { '' }
            Trouble $name $_
        }
    }
    function BeginFile([byte[]]$Chunk, [int]$P, [int]$N) {
        $partialBytes = [BitConverter]::ToUInt16($Chunk, $P + 28)
        $name = $utf8.GetString($Chunk, $P + 30 + $partialBytes, $N - 30 - $partialBytes)
        $s.Skips = $true
        if ($null -ne $s.Failed -and $name.StartsWith($s.Failed, 'Ordinal')) { return }
        $s.Name = $name
        $s.Mode = [BitConverter]::ToUInt32($Chunk, $P)
        $s.Time = [BitConverter]::ToInt64($Chunk, $P + 4)
        $s.Length = [BitConverter]::ToInt64($Chunk, $P + 12)
        $s.Offset = [BitConverter]::ToInt64($Chunk, $P + 20)
        $s.Partial = $null
        try {
            $s.Path = Full $name
            $partial = [System.IO.Path]::Combine(
                [System.IO.Path]::GetDirectoryName($s.Path), $utf8.GetString($Chunk, $P + 30, $partialBytes))
            $s.Hash.Initialize()
            if ($s.Offset -gt 0) {
                $s.File = [System.IO.File]::Open($partial, 'Open', 'ReadWrite', 'None')
                $s.File.SetLength($s.Offset)
                HashRest $s.File $s.Hash $s.Offset
                $s.File.Position = $s.Offset
            } else {
                [System.IO.File]::Delete($partial)
                $s.File = [System.IO.File]::Open($partial, 'CreateNew', 'ReadWrite', 'None')
            }
            $s.Partial = $partial
            $s.Skips = $false
        }
        catch {
            if ($s.File) { $s.File.Dispose() }
            $s.File = $null
            Trouble $name $_
        }
    }
    function HashRest($Stream, $Hash, [int64]$Left) {
        $buffer = New-Object byte[] 1048576
        while ($Left -gt 0) {
            $n = $Stream.Read($buffer, 0, [int][Math]::Min($Left, 1048576))
            if ($n -le 0) { throw 'the file is shorter than it was' }
            [void]$Hash.TransformBlock($buffer, 0, $n, $null, 0)
            $Left -= $n
        }
    }
    function EndFile([byte[]]$Chunk, [int]$P) {
        if ($s.Skips) { $s.Skips = $false; return }
        try {
            $s.File.Flush()
            $length = $s.File.Length
            $s.File.Dispose()
            $s.File = $null
            [void]$s.Hash.TransformFinalBlock($Chunk, 0, 0)
            $same = [Convert]::ToBase64String($s.Hash.Hash) -ceq [Convert]::ToBase64String($Chunk, $P, 32)
            if ($length -ne $s.Length -or -not $same) {
                Drop
                Report 88 $s.Name 'did not arrive as it was sent: its SHA-256 differs'
                return
            }
            SetKind $s.Partial $s.Mode $s.Time
            if ($isCore) {
                [System.IO.File]::Move($s.Partial, $s.Path, $true)
            } elseif ([System.IO.File]::Exists($s.Path)) {
                [System.IO.File]::Replace($s.Partial, $s.Path, [NullString]::Value)
            } else {
                [System.IO.File]::Move($s.Partial, $s.Path)
            }
            $s.Files += 1
            $s.Bytes += [uint64]($s.Length - $s.Offset)
        }
        catch {
            Drop
            Trouble $s.Name $_
        }
    }
    function Look([byte[]]$Chunk, [int]$P, [int]$N) {
        $partialBytes = [BitConverter]::ToUInt16($Chunk, $P + 28)
        $name = $utf8.GetString($Chunk, $P + 30 + $partialBytes, $N - 30 - $partialBytes)
        $length = [BitConverter]::ToInt64($Chunk, $P + 12)
        $path = Full $name
        $partial = [System.IO.Path]::Combine(
            [System.IO.Path]::GetDirectoryName($path), $utf8.GetString($Chunk, $P + 30, $partialBytes))
        foreach ($isWhole in $true, $false) {
            $item = New-Object System.IO.FileInfo $(if ($isWhole) { $path } else { $partial })
            if (-not $item.Exists -or ($isWhole -and $item.Length -ne $length) -or (-not $isWhole -and $item.Length -eq 0)) { continue }
            $known = [Math]::Min($item.Length, $length)
            $hash = [System.Security.Cryptography.SHA256]::Create()
            $stream = [System.IO.File]::Open($item.FullName, 'Open', 'Read', [System.IO.FileShare]7)
            try { HashRest $stream $hash $known } finally { $stream.Dispose() }
            [void]$hash.TransformFinalBlock($Chunk, 0, 0)
            $nameBytes = $utf8.GetBytes($name)
            $writer.Write([byte]72)
            $writer.Write([uint32](45 + $nameBytes.Length))
            $writer.Write([uint32]($s.Sources - 1))
            $writer.Write([byte]$(if ($isWhole) { 1 } else { 0 }))
            $writer.Write([int64]$known)
            $writer.Write($hash.Hash, 0, 32)
            $writer.Write($nameBytes, 0, $nameBytes.Length)
            return
        }
    }
}
process {
    if ($_ -isnot [byte[]]) { return }
    $chunk = $_
    $at = 0
    while ($at -lt $chunk.Length) {
        $type = $chunk[$at]
        $n = [BitConverter]::ToInt32($chunk, $at + 1)
        $p = $at + 5
        $at = $p + $n
        if ($type -eq 66) {
            if ($s.Skips) { continue }
            try {
                $s.File.Write($chunk, $p, $n)
                [void]$s.Hash.TransformBlock($chunk, $p, $n, $null, 0)
            }
            catch {
                Drop
                $s.Skips = $true
                Trouble $s.Name $_
            }
        } elseif ($type -eq 70) {
            if ($Survey) { try { Look $chunk $p $n } catch { } } else { BeginFile $chunk $p $n }
        } elseif ($type -eq 69) {
            EndFile $chunk $p
        } elseif ($type -eq 68) {
            if (-not $Survey) { BeginFolder $chunk $p $n }
        } elseif ($type -eq 83) {
            BeginSource ($utf8.GetString($chunk, $p, $n))
        } elseif ($type -eq 75) {
            $skip = 30 + [BitConverter]::ToUInt16($chunk, $p + 28)
            SetKind (Full ($utf8.GetString($chunk, $p + $skip, $n - $skip))) ([BitConverter]::ToUInt32($chunk, $p)) ([BitConverter]::ToInt64($chunk, $p + 4))
        } elseif ($type -eq 88 -or $type -eq 78) {
            $k = [BitConverter]::ToInt32($chunk, $p + 4)
            if ($type -eq 88 -and $s.Skips) { $s.Skips = $false; continue }
            if ($type -eq 88 -and $s.File) { Drop }
            Report $type ($utf8.GetString($chunk, $p + 8, $k)) ($utf8.GetString($chunk, $p + 8 + $k, $n - 8 - $k))
        } elseif ($type -eq 90) {
            if (-not $Survey) { Settle }
            $s.Ended = $true
            $writer.Write([byte]90)
            $writer.Write([uint32]16)
            $writer.Write([uint64]$s.Files)
            $writer.Write([uint64]$s.Bytes)
        } else {
            throw 'psrp copy: expected something that is part of a copy'
        }
    }
    $s.Consumed += [uint64]$chunk.Length
    $writer.Write([byte]65)
    $writer.Write([uint32]8)
    $writer.Write([uint64]$s.Consumed)
    , $out.ToArray()
    $out.SetLength(0)
}
end {
    if ($s.Ended) { $global:PsrpCopy = $null }
}
)ps";

} // namespace

std::string_view send_script()
{
    return sending;
}

std::string_view receive_script()
{
    return receiving;
}

} // namespace psrp::tool
