# CertDesk's runner. It answers the requests that docs/runner.md describes, one line each.
# Values arrive as typed data and are splatted; no text that arrives here ever becomes code.
# Only what PowerShell 2.0 to 5.1 share is used. The names are global because the bootstrap runs this
# script in a scope of its own: a dot-sourced one could take its $input, where the requests come from.

$global:Cd1Cmdlets = @(
    'New-ExchangeCertificate', 'Get-ExchangeCertificate', 'Import-ExchangeCertificate',
    'Enable-ExchangeCertificate', 'Remove-ExchangeCertificate', 'Export-ExchangeCertificate',
    'Get-ExchangeServer', 'Get-TransportService', 'Get-TransportServer',
    'Get-SendConnector', 'Set-SendConnector', 'Get-ReceiveConnector', 'Set-ReceiveConnector',
    'Get-PopSettings', 'Set-PopSettings', 'Get-ImapSettings', 'Set-ImapSettings',
    'Get-AuthConfig', 'Get-EdgeSubscription', 'Get-HybridConfiguration'
)
$global:Cd1SnapIns = @(
    'Microsoft.Exchange.Management.PowerShell.SnapIn',
    'Microsoft.Exchange.Management.PowerShell.E2010',
    'Microsoft.Exchange.Management.PowerShell.Admin'
)
$global:Cd1SetupKeys = @(
    'HKLM:\SOFTWARE\Microsoft\ExchangeServer\v15\Setup',
    'HKLM:\SOFTWARE\Microsoft\ExchangeServer\v14\Setup',
    'HKLM:\SOFTWARE\Microsoft\Exchange\Setup'
)
$global:Cd1Listeners = @('SslBindingInfo', 'SslSniBindingInfo', 'SslCcsBindingInfo')
$global:Cd1Invariant = [Globalization.CultureInfo]::InvariantCulture
$global:Cd1LastId = 0
$global:Cd1Waiting = New-Object System.Text.StringBuilder

# ---- values coming in -------------------------------------------------------------------------

function global:Read-Cd1Secret([string]$text) {
    $secret = New-Object System.Security.SecureString
    foreach ($character in $text.ToCharArray()) { $secret.AppendChar($character) }
    return $secret
}

function global:Read-Cd1Value($node) {
    $text = $node.InnerText
    switch ($node.GetAttribute('t')) {
        's' { return $text }
        'i' { return [int]::Parse($text, $Cd1Invariant) }
        'b' { return ($text -eq '1') }
        'w' { return $true }
        'x' { return ,([Convert]::FromBase64String($text)) }
        'l' { return ,([string[]]@($node.SelectNodes('v') | ForEach-Object { $_.InnerText })) }
        'k' { return (Read-Cd1Secret $text) }
    }
    throw 'The request holds a value of an unknown type.'
}

function global:Read-Cd1Parameters($request) {
    $values = @{}
    foreach ($node in $request.SelectNodes('p')) {
        $values[$node.GetAttribute('n')] = Read-Cd1Value $node
    }
    return $values
}

# ---- values going out -------------------------------------------------------------------------

# Lines wait until the answer is whole, and held answers for the next one that is not: what is written at once
# arrives at once, in one message instead of many.
function global:Add-Cd1Line([string]$text) { [void]$Cd1Waiting.Append($text).Append("`r`n") }

function global:Send-Cd1Lines {
    [Console]::Out.Write($Cd1Waiting.ToString())
    $Cd1Waiting.Length = 0
}

function global:Format-Cd1Value($value) {
    if ($value -is [byte[]]) { return [Convert]::ToBase64String($value) }
    if ($value -is [DateTime]) {
        return $value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", $Cd1Invariant)
    }
    if ($value -is [bool]) { if ($value) { return '1' } else { return '0' } }
    if ($value -is [string]) { return $value }
    if ($value -is [Collections.IEnumerable]) {
        return [string]::Join("`n", [string[]]@($value | ForEach-Object { [string]$_ }))
    }
    return [string]$value
}

function global:Format-Cd1Field($value) {
    if ($null -eq $value) { return '-' }
    $text = [string](Format-Cd1Value $value)
    return [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text))
}

function global:Write-Cd1Fields([string]$prefix, [string]$kind, $values) {
    $fields = @()
    foreach ($value in $values) { $fields += (Format-Cd1Field $value) }
    Add-Cd1Line ($prefix + $kind + ' ' + [string]::Join('|', [string[]]$fields))
}

function global:Write-Cd1Refusal([string]$prefix, [string]$message, [string]$category, [string]$id) {
    Write-Cd1Fields $prefix 'E' @($message, $category, $id)
}

function global:Write-Cd1ErrorRecord([string]$prefix, $record) {
    $values = @($record.Exception.Message, $record.CategoryInfo.Category.ToString(), $record.FullyQualifiedErrorId)
    Write-Cd1Fields $prefix 'E' $values
}

function global:Get-Cd1Property($object, [string]$name) {
    if ($name -eq '.') { return ,$object }
    try { $value = $object.$name } catch { return $null }
    return ,$value
}

function global:Write-Cd1Object([string]$prefix, $object, $wants) {
    $values = New-Object System.Collections.ArrayList
    foreach ($want in $wants) { [void]$values.Add((Get-Cd1Property $object $want)) }
    Write-Cd1Fields $prefix 'O' $values.ToArray()
}

# ---- the host and its tools -------------------------------------------------------------------

function global:Invoke-Cd1Hello([string]$prefix) {
    $network = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    $fqdn = $network.HostName
    if ($network.DomainName) { $fqdn = $fqdn + '.' + $network.DomainName }
    Write-Cd1Fields $prefix 'O' @(
        $PSVersionTable.PSVersion.ToString(), [Environment]::MachineName, $fqdn,
        [Globalization.CultureInfo]::CurrentUICulture.Name, [DateTime]::UtcNow,
        [Security.Principal.WindowsIdentity]::GetCurrent().Name
    )
}

function global:Add-Cd1SnapIn {
    foreach ($name in $Cd1SnapIns) {
        if (Get-PSSnapin -Name $name -ErrorAction SilentlyContinue) { return }
    }
    foreach ($name in $Cd1SnapIns) {
        if (Get-PSSnapin -Name $name -Registered -ErrorAction SilentlyContinue) {
            Add-PSSnapin -Name $name -ErrorAction Stop
            return
        }
    }
    throw 'No Exchange snap-in is registered on this machine for a 64-bit process.'
}

function global:Import-Cd1Session([string]$uri) {
    $session = New-PSSession -ConfigurationName 'Microsoft.Exchange' -ConnectionUri $uri -Authentication Kerberos -ErrorAction Stop
    $null = Import-PSSession -Session $session -CommandName $Cd1Cmdlets -AllowClobber -DisableNameChecking -ErrorAction Stop
}

function global:Invoke-Cd1Connect([string]$prefix, $values) {
    switch ($values['Mode']) {
        'snapin' { Add-Cd1SnapIn }
        'session' { Import-Cd1Session $values['Uri'] }
        default { throw 'The mode of connecting is neither snapin nor session.' }
    }
    foreach ($key in $Cd1SetupKeys) {
        $setup = Get-ItemProperty -Path $key -ErrorAction SilentlyContinue
        if ($setup -and $setup.MsiProductMajor) {
            $build = [string]::Join('.', [string[]]@($setup.MsiProductMajor, $setup.MsiProductMinor, $setup.MsiBuildMajor, $setup.MsiBuildMinor))
            Write-Cd1Fields $prefix 'O' @($build, $setup.MsiInstallPath)
            return
        }
    }
    Write-Cd1Refusal $prefix 'The registry of this machine names no Exchange set-up.' 'ObjectNotFound' 'NoExchangeSetup'
}

# ---- cmdlets ----------------------------------------------------------------------------------

function global:Test-Cd1Listed([string]$prefix, [string]$name) {
    if ($Cd1Cmdlets -contains $name) { return $true }
    Write-Cd1Refusal $prefix 'This cmdlet is not on the list of the runner.' 'PermissionDenied' 'NotOnTheList'
    return $false
}

function global:Invoke-Cd1Names([string]$prefix, $values) {
    $name = [string]$values['Cmdlet']
    if (-not (Test-Cd1Listed $prefix $name)) { return }
    $command = Get-Command -Name $name -ErrorAction Stop
    Write-Cd1Fields $prefix 'O' @($command.Parameters.Keys | ForEach-Object { [string]$_ })
}

function global:Write-Cd1Failures([string]$prefix, $failures) {
    $seen = @()
    foreach ($failure in $failures) {
        $record = $failure
        if ($failure -is [Exception]) { $record = $failure.ErrorRecord }
        if (-not $record) { continue }
        $mark = $record.FullyQualifiedErrorId + '|' + $record.Exception.Message
        if ($seen -contains $mark) { continue }
        $seen += $mark
        Write-Cd1ErrorRecord $prefix $record
    }
}

function global:Invoke-Cd1Cmdlet([string]$prefix, [string]$name, $values, $wants) {
    if (-not (Test-Cd1Listed $prefix $name)) { return }
    $objects = @()
    $warned = @()
    $failed = @()
    $thrown = @()
    try {
        $objects = @(& $name @values -WarningVariable warned -ErrorVariable failed -WarningAction SilentlyContinue -ErrorAction SilentlyContinue)
    } catch {
        $thrown = @($_)
    }
    if ($wants.Count -gt 0) {
        foreach ($object in $objects) {
            if ($null -ne $object) { Write-Cd1Object $prefix $object $wants }
        }
    }
    foreach ($warning in $warned) { Write-Cd1Fields $prefix 'W' @([string]$warning) }
    Write-Cd1Failures $prefix (@($thrown) + @($failed))
}

# ---- the certificate stores of the machine ----------------------------------------------------

function global:Open-Cd1Store([string]$name, [string]$mode) {
    $store = New-Object System.Security.Cryptography.X509Certificates.X509Store($name, 'LocalMachine')
    $store.Open($mode)
    return ,$store
}

function global:Find-Cd1Certificate($store, [string]$thumbprint) {
    return ,($store.Certificates.Find('FindByThumbprint', $thumbprint, $false))
}

function global:Test-Cd1Writable([string]$prefix, $values) {
    # Root decides whom the machine trusts: it is refused here, whatever the client asks for.
    if ($values['Store'] -ceq 'CA') { return $true }
    Write-Cd1Refusal $prefix 'Only the store CA can be changed.' 'PermissionDenied' 'StoreRefused'
    return $false
}

function global:Invoke-Cd1StoreList([string]$prefix, $values) {
    if (@('My', 'CA', 'Root', 'REQUEST') -notcontains $values['Store']) {
        Write-Cd1Refusal $prefix 'There is no store of this name on the list.' 'PermissionDenied' 'StoreRefused'
        return
    }
    $store = Open-Cd1Store $values['Store'] 'ReadOnly'
    try {
        foreach ($found in $store.Certificates) {
            Write-Cd1Fields $prefix 'O' @($found.Thumbprint, $found.GetRawCertData(), $found.HasPrivateKey, $found.FriendlyName)
        }
    } finally { $store.Close() }
}

function global:Invoke-Cd1StoreAdd([string]$prefix, $values) {
    if (-not (Test-Cd1Writable $prefix $values)) { return }
    $der = $values['Der']
    $new = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2(,$der)
    if ($new.HasPrivateKey -or $new.GetRawCertData().Length -ne $der.Length) {
        Write-Cd1Refusal $prefix 'The data is not exactly one certificate.' 'InvalidArgument' 'NotOneCertificate'
        return
    }
    $store = Open-Cd1Store 'CA' 'ReadWrite'
    try {
        $isNew = ((Find-Cd1Certificate $store $new.Thumbprint).Count -eq 0)
        if ($isNew) { $store.Add($new) }
    } finally { $store.Close() }
    Write-Cd1Fields $prefix 'O' @($new.Thumbprint, $isNew)
}

function global:Invoke-Cd1StoreRemove([string]$prefix, $values) {
    if (-not (Test-Cd1Writable $prefix $values)) { return }
    $store = Open-Cd1Store 'CA' 'ReadWrite'
    try {
        $found = Find-Cd1Certificate $store $values['Thumbprint']
        $isThere = ($found.Count -gt 0)
        if ($isThere) { $store.RemoveRange($found) }
    } finally { $store.Close() }
    Write-Cd1Fields $prefix 'O' @($values['Thumbprint'], $isThere)
}

# ---- the web server, read only ----------------------------------------------------------------

function global:Open-Cd1Config([string]$name) {
    $path = [IO.Path]::Combine([IO.Path]::Combine([Environment]::SystemDirectory, 'inetsrv\config'), $name)
    if (-not [IO.File]::Exists($path)) { return $null }
    $document = New-Object System.Xml.XmlDocument
    $document.XmlResolver = $null
    $document.Load($path)
    return ,$document
}

function global:Write-Cd1Sites([string]$prefix, $document) {
    foreach ($site in $document.SelectNodes('/configuration/system.applicationHost/sites/site')) {
        foreach ($binding in $site.SelectNodes("bindings/binding[@protocol='https']")) {
            $told = @($site.GetAttribute('id'), $site.GetAttribute('name'), $binding.GetAttribute('bindingInformation'), $binding.GetAttribute('sslFlags'))
            Write-Cd1Fields $prefix 'O' (@('site') + $told)
        }
    }
}

function global:Write-Cd1Access([string]$prefix, $document) {
    foreach ($access in $document.SelectNodes('/configuration/system.webServer/security/access')) {
        Write-Cd1Fields $prefix 'O' @('access', '', $access.GetAttribute('sslFlags'), '', '')
    }
    foreach ($location in $document.SelectNodes('/configuration/location[@path]')) {
        $path = $location.GetAttribute('path')
        # Only the roots of sites: a path with a slash is a directory below one.
        if ($path.IndexOf('/') -ge 0) { continue }
        foreach ($access in $location.SelectNodes('system.webServer/security/access')) {
            Write-Cd1Fields $prefix 'O' @('access', $path, $access.GetAttribute('sslFlags'), '', '')
        }
    }
}

function global:Write-Cd1Listeners([string]$prefix) {
    # .NET and not the registry drive: '[::]:443' would be a pattern there.
    foreach ($section in $Cd1Listeners) {
        $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SYSTEM\CurrentControlSet\Services\HTTP\Parameters\' + $section)
        if ($null -eq $key) { continue }
        foreach ($name in $key.GetSubKeyNames()) {
            $entry = $key.OpenSubKey($name)
            if ($null -eq $entry) { continue }
            $hash = $entry.GetValue('SslCertHash')
            $digits = ''
            if ($hash -is [byte[]] -and $hash.Length -gt 0) { $digits = [BitConverter]::ToString($hash).Replace('-', '') }
            Write-Cd1Fields $prefix 'O' @('listener', $section, $name, $digits, [string]$entry.GetValue('SslCertStoreName'))
            $entry.Close()
        }
        $key.Close()
    }
}

function global:Invoke-Cd1Web([string]$prefix) {
    $moved = Open-Cd1Config 'redirection.config'
    if ($null -ne $moved -and $moved.SelectNodes("/configuration/configurationRedirection[@enabled='true']").Count -gt 0) {
        Write-Cd1Refusal $prefix 'The configuration of IIS is shared and lies on another machine.' 'NotImplemented' 'WebElsewhere'
        return
    }
    $document = Open-Cd1Config 'applicationHost.config'
    if ($null -eq $document) {
        Write-Cd1Refusal $prefix 'This machine has no configuration of IIS.' 'ObjectNotFound' 'WebMissing'
        return
    }
    Write-Cd1Sites $prefix $document
    Write-Cd1Access $prefix $document
    Write-Cd1Listeners $prefix
}

# ---- files in CertDesk's own folder -----------------------------------------------------------

function global:Get-Cd1Path([string]$name) {
    if ($name -cnotmatch '\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z') { throw 'This is not a name of a file in the folder.' }
    $folder = [IO.Path]::Combine([IO.Path]::GetTempPath(), 'CertDesk')
    [void][IO.Directory]::CreateDirectory($folder)
    return [IO.Path]::Combine($folder, $name)
}

function global:Invoke-Cd1File([string]$prefix, [string]$op, $values) {
    $path = Get-Cd1Path $values['Name']
    $isThere = [IO.File]::Exists($path)
    switch ($op) {
        'file.path' { Write-Cd1Fields $prefix 'O' @($path) }
        'file.write' {
            [IO.File]::WriteAllBytes($path, $values['Data'])
            Write-Cd1Fields $prefix 'O' @($path)
        }
        'file.read' {
            if ($isThere) { Write-Cd1Fields $prefix 'O' @(,[IO.File]::ReadAllBytes($path)) }
            else { Write-Cd1Refusal $prefix 'There is no such file in the folder.' 'ObjectNotFound' 'FileNotFound' }
        }
        'file.delete' {
            if ($isThere) { [IO.File]::Delete($path) }
            Write-Cd1Fields $prefix 'O' @($isThere)
        }
    }
}

# ---- one request ------------------------------------------------------------------------------

function global:Invoke-Cd1Request([string]$prefix, $request) {
    $values = Read-Cd1Parameters $request
    $op = $request.GetAttribute('op')
    switch -exact ($op) {
        'hello' { Invoke-Cd1Hello $prefix }
        'connect' { Invoke-Cd1Connect $prefix $values }
        'parameters' { Invoke-Cd1Names $prefix $values }
        'cmdlet' {
            $wants = @($request.SelectNodes('o') | ForEach-Object { $_.InnerText })
            Invoke-Cd1Cmdlet $prefix $request.GetAttribute('name') $values $wants
        }
        'store.list' { Invoke-Cd1StoreList $prefix $values }
        'store.add' { Invoke-Cd1StoreAdd $prefix $values }
        'store.remove' { Invoke-Cd1StoreRemove $prefix $values }
        'web.bindings' { Invoke-Cd1Web $prefix }
        default {
            if (@('file.write', 'file.path', 'file.read', 'file.delete') -contains $op) { Invoke-Cd1File $prefix $op $values }
            else { Write-Cd1Refusal $prefix 'The runner knows no such operation.' 'InvalidArgument' 'UnknownOperation' }
        }
    }
}

function global:Open-Cd1Request([string]$line) {
    $text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($line))
    if ($text.IndexOf('<!') -ge 0) { throw 'A request holds elements and text only.' }
    $document = New-Object System.Xml.XmlDocument
    $document.XmlResolver = $null
    $document.PreserveWhitespace = $true
    $document.LoadXml($text)
    return ,$document.DocumentElement
}

function global:Invoke-Cd1Line([string]$line) {
    try { $request = Open-Cd1Request $line } catch { [Environment]::Exit(4) }
    $nonce = $request.GetAttribute('nonce')
    $id = $request.GetAttribute('id')
    if ($nonce -cnotmatch '\A[0-9a-f]{32}\z' -or $id -cnotmatch '\A[0-9]{1,9}\z') { [Environment]::Exit(4) }
    # A line that the wire delivered twice must not run twice.
    if ([int]$id -le $Cd1LastId) { return }
    $global:Cd1LastId = [int]$id
    $prefix = 'CD1 ' + $nonce + ' ' + $id + ' '
    try { Invoke-Cd1Request $prefix $request } catch { Write-Cd1ErrorRecord $prefix $_ }
    Add-Cd1Line ($prefix + '.')
    if ($request.GetAttribute('hold') -ne '1') { Send-Cd1Lines }
}

[Console]::Out.WriteLine('CD1 ready')
