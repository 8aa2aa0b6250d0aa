@echo off
rem The agent's commands from any folder, for example `hcc-agent self-check --quick`: the project's own Node.js, arguments and exit code handed on as they are.
rem The flag is that of the script "agent" in package.json. Run under Wine alone (npm run windows), not on Windows.
setlocal DisableDelayedExpansion
set "HCC_ROOT=%~dp0..\.."
if not exist "%HCC_ROOT%\node_modules\node\bin\node.exe" goto missing
if not defined NODE_COMPILE_CACHE set "NODE_COMPILE_CACHE=%HCC_ROOT%\node_modules\.cache\hcc-watch"
"%HCC_ROOT%\node_modules\node\bin\node.exe" --max-semi-space-size=2 "%HCC_ROOT%\agent\main.ts" %*
set "HCC_CODE=%errorlevel%"
rem A key that an administrator has made here is closed to everyone else: the service's account (LOCAL SERVICE) gets it back.
if /i "%HCC_AGENT_DATA%"=="%ProgramData%\hcc-agent" if /i "%~1"=="enrol" "%SystemRoot%\System32\icacls.exe" "%HCC_AGENT_DATA%" /grant "*S-1-5-19:(OI)(CI)M" /T /C /Q >nul 2>&1
exit /b %HCC_CODE%

:missing
chcp 65001 >nul
echo Thiếu Node.js: vào thư mục "%HCC_ROOT%" rồi chạy: npm ci>&2
echo Node.js is missing: go to "%HCC_ROOT%" and run: npm ci>&2
exit /b 69
