-- SPDX-License-Identifier: MIT
-- Haskell's http-client; called as every client is, then REST_MS.
{-# LANGUAGE OverloadedStrings #-}
module Main (main) where

import Control.Concurrent (threadDelay)
import Control.Exception (SomeException, try)
import Control.Monad (forM, when)
import qualified Data.ByteString.Char8 as B
import qualified Data.ByteString.Lazy.Char8 as L
import Network.HTTP.Client
import System.Directory (listDirectory)
import System.Environment (getArgs)
import System.Exit (exitFailure)
import System.IO

exchange :: Manager -> String -> String -> Int -> IO ()
exchange manager base method i = do
  plain <- parseRequest (base ++ "-" ++ show i)
  let body = if method == "POST" then "payload-" ++ show i else ""
      request = plain { method = B.pack method, requestHeaders = [("X-Request-Id", B.pack (show i))]
                      , requestBody = RequestBodyBS (B.pack body) }
  answer <- httpLbs request manager
  let want = B.concat ["\"path\":\"", path plain, "\""]
  if want `B.isInfixOf` L.toStrict (responseBody answer) then return () else fail "wrong answer"

main :: IO ()
main = do
  base : count : method : pause : rest <- getArgs
  manager <- newManager defaultManagerSettings
  hSetBuffering stdout LineBuffering
  results <- forM [1 .. read count] $ \i -> do
    answer <- try (exchange manager base method i) :: IO (Either SomeException ())
    putStrLn $ either (\e -> "error " ++ show i ++ " " ++ unwords (lines (show e)))
                      (const $ "ok " ++ show i ++ " 200") answer
    when (i < read count) $ threadDelay (1000 * read pause)
    return (either (const False) (const True) answer)
  threadDelay (1000 * sum (map read rest))
  fds <- listDirectory "/proc/self/fd"
  putStrLn $ "fds " ++ show (length fds) ++ " " ++ show (length fds)
  if and results then return () else exitFailure
