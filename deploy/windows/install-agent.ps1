<#
Makes this PC the gateway PC of a centre: the scheduled task hcc-agent, which starts with Windows and again after each end, and the command hcc-agent in any
new command window. Running it again puts both right, for example after an update. -Uninstall takes them away and keeps the data. A running agent holds its own
node.exe: before the `npm ci` of an update run -Uninstall.

On mains the PC no longer goes to sleep by itself, and a shutdown is one again instead of the sleep that Fast Startup makes of it: nothing is measured by a PC
that sleeps, and nobody could tell its nights from an agent that fails. -Uninstall leaves that as it is.

In a window that was opened with "Run as administrator":

  powershell -ExecutionPolicy Bypass -File C:\hcc-watch\deploy\windows\install-agent.ps1
  hcc-agent enrol --collector https://giam-sat.example.vn       (in a new window)

A task and no service: Windows ends a service that does not answer its service manager within 30 seconds, and node.exe does not, so that `sc.exe create`
would need one more program. Accounts are named by their SIDs, since Windows translates names. For Windows PowerShell 5.1; written for Windows, not run there.
#>
param([switch]$Uninstall)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$name = 'hcc-agent'
$root = (Resolve-Path -LiteralPath (Join-Path $PSScriptRoot '..\..')).ProviderPath
$node = Join-Path $root 'node_modules\node\bin\node.exe'
$data = Join-Path $env:ProgramData 'hcc-agent'
$config = Join-Path $data 'hcc-agent.json'
$icacls = Join-Path $env:SystemRoot 'System32\icacls.exe'
$powercfg = Join-Path $env:SystemRoot 'System32\powercfg.exe'
$powerKey = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Power'
$environmentKey = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
$system = '*S-1-5-18'
$administrators = '*S-1-5-32-544'
$users = '*S-1-5-32-545'
$localService = '*S-1-5-19'

# By the host: [Console]::Error writes in the code page of the window (437, 1258), which has no letters for most of Vietnamese.
function Write-Trouble([string]$Vietnamese, [string]$English) {
  $Host.UI.WriteErrorLine($Vietnamese)
  $Host.UI.WriteErrorLine($English)
}

function Stop-WithWords([string]$Vietnamese, [string]$English) {
  Write-Trouble "Không cài được: $Vietnamese" "Not installed: $English"
  exit 1
}

function Invoke-Icacls([string[]]$Words) {
  & $icacls $Words | Out-Null
  if ($LASTEXITCODE -ne 0) { Stop-WithWords "không đặt được quyền cho $($Words[0])." "the rights of $($Words[0]) could not be set." }
}

function Assert-Administrator {
  $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
  if (-not $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Stop-WithWords 'cần quyền quản trị: mở cửa sổ lệnh bằng "Run as administrator" rồi chạy lại.' 'administrator rights are needed: open the window with "Run as administrator" and run it again.'
  }
}

function Assert-Program {
  if (-not (Test-Path -LiteralPath $node)) { Stop-WithWords "thiếu Node.js, vào thư mục $root rồi chạy: npm ci" "Node.js is missing, go to $root and run: npm ci" }
  $people = Split-Path -Parent $env:PUBLIC
  if ($root.StartsWith("$people\", [StringComparison]::OrdinalIgnoreCase)) {
    Stop-WithWords "$root là thư mục riêng của một người; chuyển chương trình giám sát về C:\hcc-watch." "$root belongs to one person; move the program to C:\hcc-watch."
  }
}

# Everybody may write below C:\ by default, and an administrator will run what stands here.
function Protect-Program {
  Invoke-Icacls @($root, '/inheritance:r', '/grant:r', "${system}:(OI)(CI)F", "${administrators}:(OI)(CI)F", "${users}:(OI)(CI)RX", "${localService}:(OI)(CI)RX", '/Q')
}

function Protect-Data {
  New-Item -ItemType Directory -Force -Path $data | Out-Null
  Invoke-Icacls @($data, '/inheritance:r', '/grant:r', "${system}:(OI)(CI)F", "${administrators}:(OI)(CI)F", "${localService}:(OI)(CI)M", '/Q')
  Invoke-Icacls @($data, '/grant', "${localService}:(OI)(CI)M", '/T', '/C', '/Q')
}

# The task gets its folder from here, as the action of a task has no environment of its own.
function Set-DataFolder {
  $settings = New-Object PSObject
  if (Test-Path -LiteralPath $config) { $settings = [IO.File]::ReadAllText($config) | ConvertFrom-Json }
  if (@($settings.PSObject.Properties | ForEach-Object { $_.Name }) -contains 'data') { return }
  $settings | Add-Member -MemberType NoteProperty -Name data -Value '.'
  [IO.File]::WriteAllText($config, ($settings | ConvertTo-Json -Depth 50))
}

function Get-TaskXml {
  $package = [IO.File]::ReadAllText((Join-Path $root 'package.json')) | ConvertFrom-Json
  $words = $package.scripts.agent -replace '^node ', ''
  $filled = [IO.File]::ReadAllText((Join-Path $PSScriptRoot 'hcc-agent-task.xml'))
  $values = @{ '{NODE}' = $node; '{ARGUMENTS}' = "$words --config `"$config`" run"; '{FOLDER}' = $root }
  foreach ($word in $values.Keys) { $filled = $filled.Replace($word, [Security.SecurityElement]::Escape($values[$word])) }
  return $filled
}

# By the registry, since [Environment] would write out %SystemRoot% and the like. Setting a variable by [Environment] tells open programs of both.
function Set-CommandPath([bool]$Wanted) {
  $key = (Get-Item -LiteralPath $environmentKey)
  $before = $key.GetValue('Path', '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
  $folders = @($before -split ';' | Where-Object { $_ -ne '' -and $_ -ne $PSScriptRoot })
  if ($Wanted) { $folders += $PSScriptRoot }
  Set-ItemProperty -LiteralPath $environmentKey -Name Path -Value ($folders -join ';') -Type ExpandString
  $value = $null
  if ($Wanted) { $value = $data }
  [Environment]::SetEnvironmentVariable('HCC_AGENT_DATA', $value, 'Machine')
}

# A running agent keeps the identity and the program that it started with. Its end takes a moment, in which the task ignores a start.
function Stop-Agent {
  Stop-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
  for ($tries = 0; $tries -lt 50; $tries++) {
    $running = @(Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue | Where-Object { $_.State -eq 'Running' })
    if ($running.Count -eq 0) { return }
    Start-Sleep -Milliseconds 200
  }
}

# A policy of the domain may forbid it: the agent is installed all the same.
function Set-Awake {
  $refused = $false
  foreach ($timeout in @('standby-timeout-ac', 'hibernate-timeout-ac')) {
    & $powercfg /change $timeout 0 | Out-Null
    if ($LASTEXITCODE -ne 0) { $refused = $true }
  }
  try { Set-ItemProperty -LiteralPath $powerKey -Name HiberbootEnabled -Value 0 -Type DWord } catch { $refused = $true }
  if ($refused) {
    Write-Trouble 'Không tắt được chế độ ngủ: trong Cài đặt > Nguồn, chọn không bao giờ ngủ khi cắm điện.' 'Sleep could not be turned off: in Settings > Power choose never to sleep when plugged in.'
    return
  }
  Write-Output 'Khi cắm điện, máy này không tự ngủ nữa: máy ngủ thì không đo được gì.'
  Write-Output 'On mains this PC no longer goes to sleep by itself: nothing is measured while it sleeps.'
}

Assert-Administrator
if ($Uninstall) {
  Stop-Agent
  Unregister-ScheduledTask -TaskName $name -Confirm:$false -ErrorAction SilentlyContinue
  Set-CommandPath $false
  Write-Output "Đã gỡ hcc-agent. Dữ liệu vẫn còn ở $data."
  Write-Output "hcc-agent is removed. Its data stays in $data."
  exit 0
}

Assert-Program
Protect-Program
Protect-Data
Set-DataFolder
# Fills the cache of compiled code: the task's account may not write there.
& (Join-Path $PSScriptRoot 'hcc-agent.cmd') --help | Out-Null
Stop-Agent
Register-ScheduledTask -TaskName $name -Xml (Get-TaskXml) -Force | Out-Null
Set-CommandPath $true
Set-Awake
Start-ScheduledTask -TaskName $name
if (Test-Path -LiteralPath (Join-Path $data 'agent.json')) {
  Write-Output 'Đã cài và khởi động lại hcc-agent.'
  Write-Output 'hcc-agent is installed and was restarted.'
} else {
  Write-Output 'Đã cài hcc-agent. Mở cửa sổ lệnh mới bằng "Run as administrator" để đăng ký máy này: hcc-agent enrol --collector ĐỊA_CHỈ'
  Write-Output 'hcc-agent is installed. Open a new window with "Run as administrator" to enrol this PC: hcc-agent enrol --collector URL'
}
